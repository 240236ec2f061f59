using System.Collections.Concurrent;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.Interop.Engines;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

/// <summary>What a sink makes durable and when, and what it says when the disk does not.</summary>
public sealed class FlushSpecs : StreamSpecs
{
    private const int Block512 = 512;

    private readonly ConcurrentQueue<(long Offset, long Length, bool IsDurable)> _writes = new();

    public FlushSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, output) =>
        Engine.OnWritten = (_, offset, length, dsync) => _writes.Enqueue((offset, length, dsync));

    [Fact]
    public async Task On_complete_it_flushes_once_and_never_means_never()
    {
        await Write(AioSink.ToFile(NewPath()), Pattern(300_000), 1000);
        Assert.Equal(1, Engine.DataSyncs);
        await Write(AioSink.ToFile(NewPath(), new AioWriteSettings { Flush = AioFlushPolicy.Never }), Pattern(300_000), 1000);
        Assert.Equal(1, Engine.DataSyncs);
        Assert.DoesNotContain(_writes, write => write.IsDurable);
    }

    [Fact]
    public async Task Each_element_is_durable_before_the_next_is_taken()
    {
        var path = NewPath();
        var writesBefore = new List<int>();
        var source = Source.Unfold(0, i =>
        {
            writesBefore.Add(_writes.Count);
            return i < 3 ? Akka.Util.Option<(int, ReadOnlyMemory<byte>)>.Create((i + 1, Pattern(700, i))) : default;
        });
        var result = await source.RunWith(
            AioSink.ToFile(path, new AioWriteSettings { Flush = AioFlushPolicy.EachElement }), Materializer).WaitAsync(Patience.Long);
        Assert.Equal([0, 1, 2, 3], writesBefore);
        Assert.Equal([(0, 1024, true), (512, 1024, true), (1024, 1536, true)], _writes);
        Assert.Equal(2100, result.Count);
        Assert.Equal([.. Pattern(700, 0), .. Pattern(700, 1), .. Pattern(700, 2)], OnDisk(path));
    }

    [Fact]
    public async Task Every_so_many_bytes_it_flushes()
    {
        await Write(
            AioSink.ToFile(NewPath(), new AioWriteSettings { BlockSize = 4096, Flush = AioFlushPolicy.EveryBytes(10_000) }),
            Pattern(50_000), 500);
        Assert.Equal(5 + 1, Engine.DataSyncs); // the end
    }

    [Fact]
    public async Task Every_so_often_it_flushes_what_it_has_and_nothing_when_it_has_nothing()
    {
        var path = NewPath();
        var (probe, result) = Run(path, AioFlushPolicy.Every(TimeSpan.FromMilliseconds(20)));
        probe.Send(Pattern(100));
        await Eventually(() => Engine.DataSyncs == 1, "it flushes");
        Assert.Equal(Pattern(100), OnDisk(path)[..100]);
        await Task.Delay(100);
        Assert.Equal(1, Engine.DataSyncs);
        probe.Send(Pattern(100));
        await Eventually(() => Engine.DataSyncs == 2, "it flushes again");
        probe.Complete();
        Assert.Equal(200, (await result.Completion.WaitAsync(Patience.Long)).Count);
        Assert.Equal([.. Pattern(100), .. Pattern(100)], OnDisk(path));
    }

    [Theory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task A_flush_from_outside_says_how_much_is_durable(DirectIo direct)
    {
        var path = NewPath();
        var (probe, sink) = Run(path, AioFlushPolicy.Never, direct);
        Assert.Equal(0, await sink.FlushAsync().WaitAsync(Patience.Long)); // also before it has started
        byte[] content = [];
        foreach (var length in (int[])[1, 510, 1, 1, 512, 100_000, 5])
        {
            var element = Pattern(length, length);
            content = [.. content, .. element];
            probe.Send(element);
            await Eventually(() => sink.FlushAsync().Result == content.Length, "all of it is durable");
            Assert.Equal(content, OnDisk(path)[..content.Length]);
        }

        probe.Complete();
        Assert.Equal(content.Length, (await sink.Completion.WaitAsync(Patience.Long)).Count);
        Assert.Equal(content, OnDisk(path));
        Assert.Equal(content.Length, await sink.FlushAsync());
        await NothingIsLeft();
    }

    [Fact]
    public async Task A_flush_after_the_end_says_whether_there_was_one()
    {
        var (probe, sink) = Run(NewPath(), AioFlushPolicy.Never);
        probe.Send(Pattern(10)).Complete();
        await sink.Completion.WaitAsync(Patience.Long);
        await Assert.ThrowsAsync<InvalidOperationException>(() => sink.FlushAsync());
        (probe, sink) = Run(NewPath(), AioFlushPolicy.OnComplete);
        probe.Send(Pattern(10)).Complete();
        await sink.Completion.WaitAsync(Patience.Long);
        Assert.Equal(10, await sink.FlushAsync());
    }

    [Fact]
    public async Task What_was_grown_ahead_is_cut_off_before_the_last_flush()
    {
        var calls = new ConcurrentQueue<string>();
        Engine.OnFileCall = (call, _) =>
        {
            calls.Enqueue(call);
            return Errno.None;
        };
        Engine.OnOperation = (in request) =>
        {
            calls.Enqueue(request.Opcode.ToString());
            return default;
        };
        await Write(AioSink.ToFile(NewPath()), Pattern(1_000_001), 10_000);
        Assert.Equal(["ftruncate", nameof(IoOpcode.DataSync), "close"], calls.Where(call => call != nameof(IoOpcode.Write)).TakeLast(3));
    }

    [Fact]
    public async Task A_write_that_fails_cancels_the_upstream_and_says_what_is_known_to_be_written()
    {
        Engine.OnOperation = (in request) => new OperationFault
        {
            Error = request.Opcode == IoOpcode.Write && request.Offset == 4096 ? Errno.ENOSPC : Errno.None,
        };
        var (probe, sink) = Run(NewPath(), AioFlushPolicy.OnComplete, blockSize: 4096, window: 1);
        probe.Send(Pattern(10_000));
        await Fails(probe, sink, Errno.ENOSPC, written: 4096);
    }

    [Fact]
    public async Task A_flush_that_fails_is_no_success()
    {
        Engine.OnOperation = (in request) => new OperationFault { Error = request.Opcode == IoOpcode.DataSync ? Errno.EIO : Errno.None };
        var (probe, sink) = Run(NewPath(), AioFlushPolicy.Never);
        probe.Send(Pattern(64 * Block512));
        await Eventually(() => !_writes.IsEmpty, "it has the element");
        var flush = sink.FlushAsync();
        var fault = await Fails(probe, sink, Errno.EIO, written: 64 * Block512);
        Assert.Same(fault, await Assert.ThrowsAsync<AbruptIOTerminationException>(() => flush));
        Assert.Same(fault, await Assert.ThrowsAsync<AbruptIOTerminationException>(() => sink.FlushAsync()));
    }

    [Fact]
    public async Task A_flush_that_fails_at_the_end_is_no_success()
    {
        Engine.OnOperation = (in request) => new OperationFault { Error = request.Opcode == IoOpcode.DataSync ? Errno.EIO : Errno.None };
        var (probe, sink) = Run(NewPath(), AioFlushPolicy.OnComplete);
        probe.Send(Pattern(1000)).Complete();
        var fault = await Assert.ThrowsAsync<AbruptIOTerminationException>(() => sink.Completion.WaitAsync(Patience.Long));
        Assert.Equal((false, 1000), (fault.IoResult.WasSuccessful, fault.IoResult.Count));
        await NothingIsLeft();
    }

    private async Task<AbruptIOTerminationException> Fails(
        ProbedUpstream probe, IAioSinkControl sink, Errno errno, long written)
    {
        var fault = await Assert.ThrowsAsync<AbruptIOTerminationException>(() => sink.Completion.WaitAsync(Patience.Long));
        Assert.Equal(errno, Assert.IsType<AioSystemException>(fault.InnerException).Errno);
        Assert.Same(fault.InnerException, fault.IoResult.Error);
        Assert.Equal((false, written), (fault.IoResult.WasSuccessful, fault.IoResult.Count));
        Assert.Same(fault.InnerException, await probe.CancelledBy());
        await NothingIsLeft();
        return fault;
    }

    private (ProbedUpstream Upstream, IAioSinkControl Sink) Run(
        string path, AioFlushPolicy flush, DirectIo direct = DirectIo.Auto, int blockSize = 64 * Block512, int window = 4) =>
        Run(AioSink.ToFileWithControl(
            path, new AioWriteSettings { Flush = flush, BlockSize = blockSize, Window = window, Open = new() { Direct = direct } }));
}
