using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>Writes that are much longer than the buffers which they are collected in.</summary>
public sealed class LargeWriteSpecs(ITestOutputHelper output) : JournalSpec(output, "akka.persistence.aio-store.write.pipeline-from = 0 s")
{
    [Fact]
    public async Task A_write_of_many_large_events_is_stored()
    {
        await WriteAndAwaitAsync("q", 1, 1);
        Write([.. Range(1, 40).Select(nr => Atomic("p", nr, nr, payload: _ => new string('x', 500_000)))]);
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        foreach (var nr in Range(1, 40))
        {
            Assert.Equal(nr, (await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience)).Persistent.SequenceNr);
        }

        using var again = await RestartAsync();
        Assert.Equal(40, (await ReplayAsync(JournalOf(again), CreateTestProbe(again), "p")).Events.Count);
    }

    [Fact]
    public async Task Large_events_of_many_actors_side_by_side_are_stored()
    {
        var probes = Enumerable.Range(0, 20).Select(_ => CreateTestProbe()).ToArray();
        for (var i = 0; i < probes.Length; i++)
        {
            var write = Atomic($"p{i}", 1, 1, payload: _ => new string('x', 950_000));
            Journal.Tell(new WriteMessages([write], probes[i].Ref, 1), probes[i].Ref);
        }

        foreach (var probe in probes)
        {
            await probe.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        }
    }
}
