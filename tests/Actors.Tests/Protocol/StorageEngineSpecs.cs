using System.Collections.Concurrent;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

/// <summary>What a storage engine asks for: the shard of a file, priorities, holes.</summary>
public sealed class StorageEngineSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio { shards = 4, depth = 4 }", output)
{
    private const int Depth = 4;

    [Fact]
    public async Task Files_go_to_the_shard_that_their_open_names()
    {
        for (var i = 0; i < 12; i++)
        {
            var file = await Ext.OpenAsync(NewPath(), New with { Shard = i % 4 });
            Assert.Equal(Ext.ShardDispatcher(i % 4), file.ShardDispatcher);
            await file.WriteAsync(new byte[Block], 0);
        }

        Assert.All((await StatsAfter(12)).Shards, shard => Assert.Equal(3, shard.Writes));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    public async Task A_shard_that_does_not_exist_is_refused_with_those_that_do(int shard)
    {
        var e = await Assert.ThrowsAsync<AioArgumentException>(() => Ext.OpenAsync(NewPath(), New with { Shard = shard }));
        Assert.Contains($"Shard is {shard}", e.Message, StringComparison.Ordinal);
        Assert.Contains("0 to 3", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_engine_has_the_priority_of_the_command_or_else_of_the_file()
    {
        var seen = new ConcurrentQueue<(IoOpcode, ushort)>();
        Engine.OnOperation = (in request) =>
        {
            seen.Enqueue((request.Opcode, request.Priority));
            return default;
        };
        var plain = await NewFile(Block);
        var low = await Ext.OpenAsync(NewPath(), New with { Priority = AioPriority.Low });
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(plain, new byte[Block], 0) { Priority = AioPriority.High });
        await plain.WriteAsync(new byte[Block], 0);
        await low.WriteAsync(new byte[Block], 0);
        await Replies.Do<Aio.ReadVCompleted>(new Aio.ReadV(low, [new byte[Block]], 0) { Priority = AioPriority.Idle });
        await low.FlushAsync();
        Assert.Equal(
            [
                (IoOpcode.Write, (ushort)(2 << 13)), (IoOpcode.Write, (ushort)0), (IoOpcode.Write, (ushort)((2 << 13) | 7)),
                (IoOpcode.Read, (ushort)(3 << 13)), (IoOpcode.DataSync, (ushort)0),
            ],
            seen);
    }

    [Fact]
    public async Task A_log_s_writes_pass_the_reads_of_a_thousand_requesters()
    {
        Engine.OnOperation = static (in _) => new OperationFault { Hold = true };
        var file = await Ext.OpenAsync(NewPath(), New with { Shard = 0, PreallocationSize = 64 * Block });
        var readers = Enumerable.Range(0, 1000).Select(_ => new Replies(Sys)).ToArray();
        foreach (var reader in readers)
        {
            reader.Tell(new Aio.ReadInto(file, new byte[10], 0));
        }

        var writes = Enumerable.Range(0, 20).Select(
            i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block) { Priority = AioPriority.High })).ToArray();
        var readsBefore = new ConcurrentQueue<int>();
        Replies.OnReply = _ => readsBefore.Enqueue(readers.Sum(reader => reader.Count));
        await Eventually(() => Ext.Shards[0].Counters.Queued == 1000 - Depth + 20, "all wait");
        await Eventually(
            () =>
            {
                Engine.Release();
                return Replies.Count == writes.Length;
            },
            "the writes are done");
        Engine.OnOperation = null;
        Engine.Release();
        await Eventually(() => readers.All(reader => reader.Count == 1), "the reads are done");
        await Task.WhenAll(writes.Select(Replies.Of<Aio.WriteCompleted>));
        Assert.InRange(readsBefore.Last(), 1, 40); // those that were in flight, and one for each 8 writes

        // An unending log does not starve the others: there were reads among them.
        Assert.True(readsBefore.Last() > readsBefore.First(), "every ninth is another's");
    }

    [Fact]
    public async Task Zeros_are_written_in_order_at_low_priority_and_no_faster_than_asked_for()
    {
        var seen = new ConcurrentQueue<(long, int, ushort)>();
        var file = await FileOf(Pattern(200 * Block));
        Engine.OnOperation = (in request) =>
        {
            seen.Enqueue((request.Offset, request.Length, request.Priority));
            return default;
        };
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        await file.ZeroAsync(Block, 150 * Block, bytesPerSecond: 150 * Block * 10);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(90), "a tenth of a second");
        const ushort Low = (2 << 13) | 7;
        Assert.Equal([(Block, 64 * Block, Low), (65 * Block, 64 * Block, Low), (129 * Block, 22 * Block, Low)], seen);
        var content = Pattern(200 * Block);
        content.AsSpan(Block, 150 * Block).Clear();
        Assert.Equal(content, OnDisk(file.Path));
        await Assert.ThrowsAsync<AioAlignmentException>(() => file.ZeroAsync(1, Block).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => file.ZeroAsync(0, Block, cancellationToken: new(canceled: true)).AsTask());
    }

    [Fact]
    public async Task A_hole_reads_as_zeros_and_the_length_stays()
    {
        var content = Pattern(4 * Block);
        var file = await FileOf(content);
        await file.PunchHoleAsync(Block, 2 * Block);
        await Replies.Do<Aio.HolePunched>(new Aio.PunchHole(file, (4 * Block) - 10, 100));
        content.AsSpan(Block, 2 * Block).Clear();
        content.AsSpan((4 * Block) - 10).Clear();
        Assert.Equal(4 * Block, file.Length);
        Assert.Equal(content, OnDisk(file.Path));
        await Replies.Fails<AioArgumentException>(new Aio.PunchHole(file, -1, 10));
        await Replies.Fails<AioArgumentException>(new Aio.PunchHole(file, 0, 0));
        await Replies.Fails<AioArgumentException>(new Aio.PunchHole(file, 1, long.MaxValue));
        var reader = await Ext.OpenAsync(file.Path);
        await Replies.Fails<AioArgumentException>(new Aio.PunchHole(reader, 0, Block));
    }
}

/// <summary>The same of the kernel.</summary>
public abstract class StorageEngineOnKernelSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    [SkippableTheory]
    [InlineData(AioPriority.Default)]
    [InlineData(AioPriority.High)]
    [InlineData(AioPriority.Normal)]
    [InlineData(AioPriority.Low)]
    [InlineData(AioPriority.Idle)]
    public async Task The_kernel_takes_every_priority(AioPriority priority)
    {
        var file = await NewFile(4 * Block);
        var data = Pattern(2 * Block);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, data, Block) { Priority = priority });
        await Replies.Do<Aio.WriteVCompleted>(new Aio.WriteV(file, [data, data], 0) { Priority = priority });
        var read = new byte[2 * Block];
        await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, read, 0) { Priority = priority });
        Assert.Equal(data, read);
    }

    [SkippableFact]
    public async Task A_priority_that_does_not_exist_fails_typed_where_the_kernel_looks_at_it()
    {
        var file = await NewFile(4 * Block);
        var reply = await Replies.Of(Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0) { Priority = (AioPriority)(7 << 13) }));
        Assert.True(
            reply is Aio.ReadIntoCompleted or Aio.CommandFailed { Cause: AioSystemException { Errno: Errno.EINVAL } }, reply.ToString());
    }

    [SkippableFact]
    public async Task A_hole_gives_its_blocks_back()
    {
        var content = Pattern(64 * Block);
        var file = await FileOf(content);
        await file.FlushAsync();
        try
        {
            await file.PunchHoleAsync(8 * Block, 32 * Block);
        }
        catch (AioSystemException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            Skip.If(true, e.Message);
        }

        content.AsSpan(8 * Block, 32 * Block).Clear();
        Assert.Equal(content, ContentOf(file));
        Assert.Equal(content.Length, file.Length);
        var read = new byte[content.Length];
        await file.ReadExactlyAsync(read, 0);
        Assert.Equal(content, read);
    }

    [SkippableFact]
    public async Task The_physical_block_is_a_power_of_two_and_a_multiple_of_the_alignment()
    {
        var file = await NewFile(Block);
        Assert.True(int.IsPow2(file.PhysicalBlockSize), $"{file.PhysicalBlockSize}");
        Assert.Equal(0, file.PhysicalBlockSize % file.OffsetAlignment);
    }
}

public sealed class StorageEngineOnLinuxAio(ITestOutputHelper output) : StorageEngineOnKernelSpecs(EngineKind.LinuxAio, output);

public sealed class StorageEngineOnIoUring(ITestOutputHelper output) : StorageEngineOnKernelSpecs(EngineKind.IoUring, output);

public sealed class StorageEngineOnThreads(ITestOutputHelper output) : StorageEngineOnKernelSpecs(EngineKind.ThreadPool, output);
