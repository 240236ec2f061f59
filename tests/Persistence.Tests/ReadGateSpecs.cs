using AkkaAio.Persistence.Reading;
using Xunit;

namespace AkkaAio.Persistence.Tests;

/// <summary>Reads of replays beside commits.</summary>
public sealed class ReadGateSpecs
{
    private const int Read = 1000;

    private readonly ReadGate _gate = new(2 * Read);

    [Fact]
    public void Without_commits_all_reads_go()
    {
        Assert.All(Enumerable.Range(0, 100), _ => Assert.True(_gate.EnterAsync(Read).IsCompleted));
    }

    [Fact]
    public async Task Beside_a_commit_few_bytes_go_and_the_others_one_for_one_in_their_order()
    {
        _gate.IsCommitting = true;
        var reads = Enumerable.Range(0, 4).Select(_ => _gate.EnterAsync(Read)).ToArray();
        Assert.Equal([true, true, false, false], reads.Select(read => read.IsCompleted));

        _gate.Leave(Read);
        await reads[2];
        Assert.False(reads[3].IsCompleted);
        _gate.Leave(Read);
        await reads[3];
    }

    // Between two commits of one actor there is a moment without any.
    [Fact]
    public async Task The_end_of_a_commit_lets_no_read_in()
    {
        _gate.IsCommitting = true;
        var reads = Enumerable.Range(0, 100).Select(_ => _gate.EnterAsync(Read)).ToArray();
        _gate.IsCommitting = false;

        Assert.Equal(2, reads.Count(read => read.IsCompleted));
        for (var i = 0; i < reads.Length; i++)
        {
            await reads[i]; // each that leaves lets in at least one
            _gate.Leave(Read);
        }
    }

    [Fact]
    public void One_read_goes_however_long()
    {
        _gate.IsCommitting = true;
        Assert.True(_gate.EnterAsync(100 * Read).IsCompleted);
        Assert.False(_gate.EnterAsync(1).IsCompleted);
    }
}
