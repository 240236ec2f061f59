using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Buffered;

/// <summary>One file's operations on threads, beside others in the kernel's queue.</summary>
public sealed class EngineOfFileSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, "", output)
{
    [SkippableFact]
    public async Task A_direct_file_on_threads_is_written_and_read_without_a_submit()
    {
        var file = await Open("thread-pool");
        Assert.True(file.IsDirect);
        for (var i = 0; i < 20; i++)
        {
            await file.WriteAsync(Pattern(Block, i), i * Block);
        }

        await file.WriteAsync([Pattern(Block, 20), Pattern(Block, 21)], 20 * Block);
        var read = new byte[22 * Block];
        Assert.Equal(read.Length, await file.ReadAsync(read, 0));
        Assert.Equal(Enumerable.Range(0, 22).SelectMany(i => Pattern(Block, i)), read);
        Assert.Equal(0, (await StatsAfter(0)).Shards.Sum(shard => shard.Submitted));
        await file.FlushAsync();
        Assert.Equal(1, (await StatsAfter(1)).Shards.Sum(shard => shard.Submitted)); // the fdatasync
    }

    [SkippableFact]
    public async Task The_system_s_own_engine_may_be_named()
    {
        var file = await Open("linux-aio");
        await file.WriteAsync(Pattern(Block), 0);
        Assert.Equal(1, (await StatsAfter(1)).Shards.Sum(shard => shard.Submitted));
    }

    [SkippableTheory]
    [InlineData("io-uring")]
    [InlineData("")]
    [InlineData("Thread-Pool")]
    public async Task Another_is_refused_with_those_that_are_possible(string engine)
    {
        var error = await Assert.ThrowsAsync<AioArgumentException>(() => Open(engine));
        Assert.Contains("linux-aio", error.Message, StringComparison.Ordinal);
        Assert.Contains("thread-pool", error.Message, StringComparison.Ordinal);
    }

    private Task<AioFile> Open(string engine) =>
        Ext.OpenAsync(NewPath(), New with { PreallocationSize = 64 * Block, Engine = engine });
}
