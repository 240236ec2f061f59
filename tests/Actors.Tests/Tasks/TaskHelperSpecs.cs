using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

/// <summary>ReadExactlyAsync and RefreshLengthAsync.</summary>
public abstract class TaskHelperSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task Exactly_the_bytes_or_the_end(DirectIo direct)
    {
        var content = Pattern((2 * Block) + 100);
        var file = await FileOf(content, direct);
        var memory = new byte[Block + 90];
        await file.ReadExactlyAsync(memory, Block + 10);
        Assert.Equal(content[(Block + 10)..], memory);
        await file.ReadExactlyAsync(Memory<byte>.Empty, 1 << 20);

        var e = await Assert.ThrowsAsync<EndOfStreamException>(() => file.ReadExactlyAsync(memory, Block + 11).AsTask());
        Assert.Contains(file.Path, e.Message, StringComparison.Ordinal);
        Assert.Contains($"{memory.Length - 1} of {memory.Length} bytes", e.Message, StringComparison.Ordinal);
        Assert.Equal(content[(Block + 11)..], memory[..^1]); // what there was
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => file.ReadExactlyAsync(memory, 0, new(canceled: true)).AsTask());
    }

    [SkippableFact]
    public async Task What_another_process_appends_or_cuts_off_is_in_Length_after_RefreshLength()
    {
        Skip.If(Kind == EngineKind.Memory, "its files have no other writers");
        var file = await FileOf(Pattern(Block), DirectIo.Auto);
        await using (var other = new FileStream(file.Path, FileMode.Append))
        {
            await other.WriteAsync(Pattern(100, 2));
        }

        Assert.Equal(Block, file.Length);
        await file.RefreshLengthAsync();
        Assert.Equal(Block + 100, file.Length);
        var read = new byte[200];
        Assert.Equal(100, await file.ReadAsync(read, Block));
        Assert.Equal(Pattern(100, 2), read[..100]);

        using (var other = File.OpenWrite(file.Path))
        {
            other.SetLength(10);
        }

        Assert.Equal(10, (await Replies.Do<Aio.LengthRefreshed>(new Aio.RefreshLength(file))).Length);
        Assert.Equal(10, file.Length);
        Assert.Equal(10, await file.ReadAsync(read, 0));
    }

    [SkippableFact]
    public async Task RefreshLength_keeps_what_this_process_has_written()
    {
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = 1 << 20 });
        for (var i = 0; i < 10; i++)
        {
            var write = file.WriteAsync(Pattern(Block, i), i * Block);
            var refresh = file.RefreshLengthAsync();
            await write;
            await refresh;
            Assert.Equal((i + 1) * Block, file.Length); // and not the zeros ahead of it
        }

        var other = await Ext.OpenAsync(file.Path, New with { Mode = FileMode.Open });
        await other.WriteAsync(Pattern(Block), 10 * Block);
        await file.RefreshLengthAsync();
        Assert.Equal(11 * Block, file.Length);
        await file.DisposeAsync();
        await Assert.ThrowsAsync<AioClosedException>(() => file.RefreshLengthAsync().AsTask());
    }

    [SkippableFact]
    public async Task RefreshLength_of_a_buffered_file_sees_a_cut_within_what_was_written_here()
    {
        Skip.If(Kind == EngineKind.Memory, "its files have no other writers");
        var file = await Ext.OpenAsync(NewPath(), New with { Direct = DirectIo.Off });
        await file.WriteAsync(Pattern(1000), 0);
        using (var other = File.OpenWrite(file.Path))
        {
            other.SetLength(500);
        }

        await file.RefreshLengthAsync();
        Assert.Equal(500, file.Length);
        await file.WriteAsync(Pattern(100), 500);
        Assert.Equal(600, file.Length);
    }
}

public sealed class TaskHelperSpecsOnLinuxAio(ITestOutputHelper output) : TaskHelperSpecs(EngineKind.LinuxAio, "", output);

public sealed class TaskHelperSpecsOnStripes(ITestOutputHelper output) : TaskHelperSpecs(
    EngineKind.LinuxAio, "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

public sealed class TaskHelperSpecsOnThreadPool(ITestOutputHelper output) : TaskHelperSpecs(EngineKind.ThreadPool, "", output);

public sealed class TaskHelperSpecsOnMemory(ITestOutputHelper output) : TaskHelperSpecs(EngineKind.Memory, "", output);

/// <summary>WaitForRoomAsync.</summary>
public sealed class WaitForRoomSpecs : AioTestKit
{
    private const int Depth = 4;
    private const int Queue = 10;

    public WaitForRoomSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, $"akka.io.aio {{ depth = {Depth}, max-queue-size = {Queue} }}", output) =>
        Engine.OnOperation = static (in _) => new OperationFault { Hold = true };

    [Fact]
    public async Task It_waits_until_the_queue_is_half_empty()
    {
        var file = await NewFile(64 * Block);
        var writes = Enumerable.Range(0, Depth + Queue).Select(i => file.WriteAsync(new byte[Block], i * Block).AsTask()).ToArray();
        await Assert.ThrowsAsync<AioOverloadedException>(() => file.WriteAsync(new byte[Block], 0).AsTask());
        var room = file.WaitForRoomAsync();
        using var impatient = new CancellationTokenSource();
        var canceled = file.WaitForRoomAsync(impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.AsTask());
        Assert.False(room.IsCompleted);

        Engine.OnOperation = null;
        Engine.Release();
        Assert.InRange(await room, 1, Queue);
        await Task.WhenAll(writes);
        Assert.Equal(Queue, await file.WaitForRoomAsync(offset: Block));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => file.WaitForRoomAsync(new(canceled: true)).AsTask());
    }
}
