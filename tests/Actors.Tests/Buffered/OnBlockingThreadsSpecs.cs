using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Buffered;

/// <summary>One file's operations on threads, beside others in the kernel's queue.</summary>
public sealed class OnBlockingThreadsSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, "", output)
{
    [SkippableFact]
    public async Task A_direct_file_on_threads_is_written_and_read_without_a_submit()
    {
        var file = await Open(onBlockingThreads: true);
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
    public async Task A_file_that_does_not_ask_for_it_is_submitted()
    {
        var file = await Open(onBlockingThreads: false);
        await file.WriteAsync(Pattern(Block), 0);
        Assert.Equal(1, (await StatsAfter(1)).Shards.Sum(shard => shard.Submitted));
    }

    private Task<AioFile> Open(bool onBlockingThreads) =>
        Ext.OpenAsync(NewPath(), New with { PreallocationSize = 64 * Block, OnBlockingThreads = onBlockingThreads });
}
