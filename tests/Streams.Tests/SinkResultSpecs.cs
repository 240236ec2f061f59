using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using Akka.Streams.TestKit;
using AkkaAio.Interop.Engines;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class SinkResultSpecsOnMemory(ITestOutputHelper output) : SinkResultSpecs(EngineKind.Memory, output)
{
    [Fact]
    public async Task The_end_waits_for_the_read_of_what_the_file_has_behind_it()
    {
        var written = 0;
        Engine.OnWritten = (_, _, _, _) => Interlocked.Increment(ref written);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Opcode == IoOpcode.Read };
        var path = PathOf(Pattern(20_000));
        var result = Source.Single<ReadOnlyMemory<byte>>(Pattern(4096 + 100, seed: 2)).RunWith(
            AioSink.ToFile(path, new AioWriteSettings { Mode = FileMode.Open, BlockSize = 4096, Flush = AioFlushPolicy.Never }),
            Materializer);
        await Eventually(() => Volatile.Read(ref written) == 1, "the full block is written");
        await Eventually(() => Engine.Release() == 1, "what is behind the last byte is read");
        Assert.Equal(4096 + 100, (await result.WaitAsync(Patience.Long)).Count);
        Assert.Equal([.. Pattern(4096 + 100, seed: 2), .. Pattern(20_000)[(4096 + 100)..]], OnDisk(path));
    }
}

public sealed class SinkResultSpecsOnLinuxAio(ITestOutputHelper output) : SinkResultSpecs(EngineKind.LinuxAio, output);

public sealed class SinkResultSpecsOnThreadPool(ITestOutputHelper output) : SinkResultSpecs(EngineKind.ThreadPool, output);

/// <summary>How a sink ends, and what its task says then.</summary>
public abstract class SinkResultSpecs : StreamSpecs
{
    private protected SinkResultSpecs(EngineKind kind, ITestOutputHelper output)
        : base(kind, output)
    {
    }

    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task Twenty_thousand_small_elements_are_packed(DirectIo direct)
    {
        var random = new Random(1);
        var elements = Enumerable.Range(1, 20_000).Select(i => Pattern(random.Next(1, 18), i)).ToArray();
        byte[] content = [.. elements.SelectMany(element => element)];
        var path = NewPath();
        var submitted = Ext.Shards.Sum(shard => shard.Counters.Submitted);
        var result = await Source.From(elements.Select(element => (ReadOnlyMemory<byte>)element))
            .RunWith(AioSink.ToFile(path, new AioWriteSettings { Open = new() { Direct = direct } }), Materializer)
            .WaitAsync(Patience.Long);
        Assert.Equal(content.Length, result.Count);
        Assert.Equal(content, OnDisk(path));
        Assert.InRange(Ext.Shards.Sum(shard => shard.Counters.Submitted) - submitted, 0, 5); // one block, and a flush
        await NothingIsLeft();
    }

    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task One_element_of_64_MiB_is_divided(DirectIo direct)
    {
        var content = Pattern(64 << 20);
        var path = NewPath();
        var result = await Source.Single<ReadOnlyMemory<byte>>(content)
            .RunWith(AioSink.ToFile(path, new AioWriteSettings { Open = new() { Direct = direct } }), Materializer)
            .WaitAsync(Patience.Long);
        Assert.Equal(content.Length, result.Count);
        Assert.True(OnDisk(path).AsSpan().SequenceEqual(content));
        Assert.InRange(Pool.AllocatedBytes, 0, 4 << 20);
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task A_file_that_cannot_be_opened_cancels_the_upstream_and_faults_the_task()
    {
        var path = PathOf(Pattern(10));
        var (probe, result) = Run(AioSink.ToFile(path, new AioWriteSettings { Mode = FileMode.CreateNew }));
        var cause = await Assert.ThrowsAsync<AioSystemException>(() => result.WaitAsync(Patience.Long));
        Assert.Equal(Errno.EEXIST, cause.Errno);
        Assert.Same(cause, await probe.CancelledBy());
        Assert.Equal(Pattern(10), OnDisk(path));
    }

    [SkippableFact]
    public async Task A_setting_that_is_impossible_faults_the_task()
    {
        var (_, result) = Run(AioSink.ToFile(NewPath(), new AioWriteSettings { Window = 2000 }));
        var cause = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => result.WaitAsync(Patience.Long));
        Assert.Equal(nameof(AioWriteSettings.Window), cause.ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => AioSink.ToFile(NewPath(), new AioWriteSettings { Start = -1 }));
        Assert.Throws<ArgumentException>(() => AioSink.ToFile(NewPath(), new AioWriteSettings { Mode = FileMode.Append, Start = 1 }));
    }

    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task A_failure_upstream_leaves_what_was_taken_before_it(DirectIo direct)
    {
        var path = NewPath();
        var content = Pattern(30_000);
        var cause = new InvalidOperationException("upstream");
        var result = Source.From(Pieces(content, 1000).Append(default)).Select(piece => piece.IsEmpty ? throw cause : piece)
            .RunWith(AioSink.ToFile(path, new AioWriteSettings { BlockSize = 4096, Open = new() { Direct = direct } }), Materializer);
        var fault = await Assert.ThrowsAsync<AbruptIOTerminationException>(() => result.WaitAsync(Patience.Long));
        Assert.Same(cause, fault.InnerException);
        Assert.Equal((true, content.Length), (fault.IoResult.WasSuccessful, fault.IoResult.Count));
        Assert.Equal(content, OnDisk(path));
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task The_end_of_the_materializer_faults_the_task()
    {
        var materializer = NewMaterializer();
        var (probe, result) = this.SourceProbe<ReadOnlyMemory<byte>>()
            .ToMaterialized(AioSink.ToFile(NewPath()), Keep.Both).Run(materializer);
        probe.SendNext(Pattern(300_000));
        materializer.Shutdown();
        await Assert.ThrowsAsync<AbruptStageTerminationException>(() => result.WaitAsync(Patience.Long));
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task A_stream_without_elements_makes_an_empty_file()
    {
        var path = PathOf(Pattern(100));
        Assert.Equal(0, await Write(AioSink.ToFile(path), [], piece: 1));
        Assert.Empty(OnDisk(path));
        Assert.Equal(0, await Write(AioSink.ToFile(path, new AioWriteSettings { Start = 700 }), [], piece: 1));
        Assert.Empty(OnDisk(path));
    }

    [SkippableFact]
    public async Task A_file_that_was_allocated_ahead_ends_where_the_stream_did()
    {
        var path = NewPath();
        var settings = new AioWriteSettings { Open = new() { PreallocationSize = 1 << 20 } };
        await Write(AioSink.ToFile(path, settings), Pattern(5000), piece: 100);
        Assert.Equal(Pattern(5000), OnDisk(path));
    }

    [SkippableFact]
    public async Task A_file_that_grows_ahead_is_cut_before_the_last_flush()
    {
        var path = NewPath();
        var longest = 0L;
        var content = Pattern(3_000_001);
        var source = Source.From(Pieces(content, 100_000)).Select(piece =>
        {
            longest = Math.Max(longest, File.Exists(path) || Kind == EngineKind.Memory ? LengthOnDisk(path) : 0);
            return piece;
        });
        await source.RunWith(AioSink.ToFile(path, new AioWriteSettings { GrowAhead = 8 << 20 }), Materializer).WaitAsync(Patience.Long);
        Assert.Equal(content, OnDisk(path));
        if (Kind == EngineKind.LinuxAio)
        {
            Assert.InRange(longest, 8 << 20, 16 << 20);
        }
    }

    [SkippableFact]
    public async Task A_file_of_the_user_is_left_open()
    {
        await using var file = await FileOf(Pattern(10_000));
        await Write(AioSink.ToFile(file, new AioWriteSettings { Start = 3 }), Pattern(5000, seed: 2), piece: 100);
        await Write(AioSink.ToFile(file, new AioWriteSettings { Mode = FileMode.Append }), Pattern(5000, seed: 3), piece: 100);
        Assert.Equal(
            [.. Pattern(10_000)[..3], .. Pattern(5000, seed: 2), .. Pattern(10_000)[5003..], .. Pattern(5000, seed: 3)], ContentOf(file));
        Assert.Equal(1, await file.ReadAsync(new byte[1], 0));
    }

    [SkippableFact]
    public async Task A_file_that_its_user_closes_faults_the_task()
    {
        var file = await NewFile();
        var (probe, result) = Run(AioSink.ToFile(file, new AioWriteSettings { BlockSize = 4096 }));
        await file.DisposeAsync();
        probe.Send(Pattern(10_000));
        var fault = await Assert.ThrowsAsync<AbruptIOTerminationException>(() => result.WaitAsync(Patience.Long));
        Assert.Same(fault.InnerException, await probe.CancelledBy());
        Assert.IsType<AioClosedException>(fault.InnerException);
        Assert.Equal((false, 0), (fault.IoResult.WasSuccessful, fault.IoResult.Count));
    }
}
