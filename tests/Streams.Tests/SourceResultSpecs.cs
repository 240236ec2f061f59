using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using Akka.Streams.TestKit;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class SourceResultSpecsOnMemory(ITestOutputHelper output) : SourceResultSpecs(EngineKind.Memory, output)
{
    [Fact]
    public async Task A_read_that_fails_fails_the_stream_after_what_was_before_it()
    {
        Engine.OnOperation = (in request) => new OperationFault { Error = request.Offset == 3 * Chunk ? Errno.EIO : Errno.None };
        var (result, probe) = Run(AioSource.FromFile(PathOf(Pattern(10 * Chunk)), Settings));
        probe.Request(10).ExpectNextN(3);
        var cause = Assert.IsType<AioSystemException>(probe.ExpectError());
        Assert.Equal(Errno.EIO, cause.Errno);
        AssertFailed(3 * Chunk, cause, await result);
        await NothingIsLeft();
    }

    [Fact]
    public async Task At_most_as_many_bytes_are_read_ahead_as_the_settings_say()
    {
        var path = PathOf(Pattern(100 * Chunk));
        await Reads(4, AioSource.FromFile(path, Settings));
        await Reads(7, AioSource.FromFile(path, Settings with { ReadAhead = 7 * Chunk }));
        await Reads(2, AioSource.FromFile(path, Settings with { ReadAhead = null }).WithAttributes(Attributes.CreateInputBuffer(2, 2)));
        await Reads(4, AioSource.FromFile(path, Settings with { ReadAhead = 8 * Chunk })); // of two elements each
        await Reads(8, AioSource.FromFile(path, Settings with { ReadAhead = 8 * Chunk, ReadSize = Chunk }));
        await Reads(3, AioSource.FromFile(path, Settings with { ReadAhead = 7 * Chunk, ChunkSize = 2 * Chunk }));
        await Reads(
            3, AioSource.FromFile(path, Settings with { ReadAhead = 3 * Chunk }).WithAttributes(Attributes.CreateInputBuffer(2, 8)));
        await Reads(1, AioSource.FromFile(PathOf(Pattern(100)), Settings)); // its end is known
    }

    // How many of its reads are with the kernel when it answers none.
    private async Task Reads(int expected, Source<ReadOnlyMemory<byte>, Task<IOResult>> source)
    {
        var reads = 0;
        Engine.OnOperation = (in _) =>
        {
            Interlocked.Increment(ref reads);
            return new OperationFault { Hold = true };
        };
        var (_, probe) = Run(source);
        probe.Request(100);
        await Eventually(() => Volatile.Read(ref reads) >= expected, $"{expected} reads");
        await Fence(); // all that it asked for in that turn
        Assert.Equal(expected, reads);
        probe.Cancel();
        Engine.OnOperation = null;
        Engine.Release();
        await NothingIsLeft();
    }

    private async Task Fence()
    {
        for (var i = 0; i < 3; i++)
        {
            await Stats(); // asks each shard
        }
    }
}

public sealed class SourceResultSpecsOnLinuxAio(ITestOutputHelper output) : SourceResultSpecs(EngineKind.LinuxAio, output);

public sealed class SourceResultSpecsOnThreadPool(ITestOutputHelper output) : SourceResultSpecs(EngineKind.ThreadPool, output);

/// <summary>How a source ends, and what its task says then.</summary>
public abstract class SourceResultSpecs : StreamSpecs
{
    protected const int Chunk = 4096;

    private protected SourceResultSpecs(EngineKind kind, ITestOutputHelper output)
        : base(kind, output)
    {
    }

    protected static AioReadSettings Settings { get; } = new() { ChunkSize = Chunk, ReadAhead = 4 * Chunk };

    [SkippableFact]
    public async Task The_end_of_the_file_completes_it()
    {
        var (result, probe) = Run(AioSource.FromFile(PathOf(Pattern((2 * Chunk) + 1)), Settings));
        probe.Request(4);
        Assert.Equal([Chunk, Chunk, 1], probe.ExpectNextN(3).Select(element => element.Length));
        probe.ExpectComplete();
        AssertSucceeded((2 * Chunk) + 1, await result);
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task An_empty_file_completes_it_without_demand()
    {
        var (result, probe) = Run(AioSource.FromFile(PathOf([])));
        probe.ExpectSubscriptionAndComplete();
        AssertSucceeded(0, await result);
    }

    [SkippableFact]
    public async Task The_length_asked_for_completes_it()
    {
        var (result, probe) = Run(AioSource.FromFile(PathOf(Pattern(10 * Chunk)), Settings with { Length = 2 * Chunk }));
        probe.Request(2).ExpectNextN(2);
        probe.ExpectComplete();
        AssertSucceeded(2 * Chunk, await result);
    }

    [SkippableFact]
    public async Task A_file_that_cannot_be_opened_fails_it()
    {
        var (result, probe) = Run(AioSource.FromFile(NewPath()));
        var cause = Assert.IsType<AioSystemException>(probe.ExpectSubscriptionAndError());
        Assert.Equal(Errno.ENOENT, cause.Errno);
        AssertFailed(0, cause, await result);
    }

    [SkippableFact]
    public async Task A_setting_that_is_impossible_fails_it()
    {
        var (result, probe) = Run(AioSource.FromFile(NewPath(), new AioReadSettings { ChunkSize = 0 }));
        var cause = Assert.IsType<ArgumentOutOfRangeException>(probe.ExpectSubscriptionAndError());
        Assert.Equal(nameof(AioReadSettings.ChunkSize), cause.ParamName);
        AssertFailed(0, cause, await result);
        Assert.Throws<ArgumentOutOfRangeException>(() => AioSource.FromFile(NewPath(), new AioReadSettings { Start = -1 }));
    }

    [SkippableFact]
    public async Task A_cancel_is_a_success_and_counts_what_was_pushed()
    {
        var (result, probe) = Run(AioSource.FromFile(PathOf(Pattern(100 * Chunk)), Settings));
        probe.Request(3).ExpectNextN(3);
        probe.Cancel();
        AssertSucceeded(3 * Chunk, await result);
        await NothingIsLeft();
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_failure_downstream_is_its_failure(bool behindAnAsyncBoundary)
    {
        var cause = new InvalidOperationException("downstream");
        var source = AioSource.FromFile(PathOf(Pattern(100 * Chunk)), Settings);
        var (result, end) = (behindAnAsyncBoundary ? source.Async() : source)
            .Select(ReadOnlyMemory<byte> (_) => throw cause)
            .ToMaterialized(Sink.Ignore<ReadOnlyMemory<byte>>(), Keep.Both).Run(Materializer);
        Assert.Same(cause, await Assert.ThrowsAsync<InvalidOperationException>(() => end.WaitAsync(Patience.Long)));
        var ended = await result.WaitAsync(Patience.Long);
        if (behindAnAsyncBoundary)
        {
            Assert.NotEqual(0, ended.Count); // the cause may get lost at the boundary, as with every source
        }
        else
        {
            AssertFailed(Chunk, cause, ended);
        }

        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task The_end_of_the_materializer_is_a_failure_of_its_task()
    {
        var materializer = NewMaterializer();
        var (result, probe) = AioSource.FromFile(PathOf(Pattern(100 * Chunk)), Settings)
            .ToMaterialized(this.SinkProbe<ReadOnlyMemory<byte>>(), Keep.Both).Run(materializer);
        probe.Request(2).ExpectNextN(2);
        materializer.Shutdown();
        await Assert.ThrowsAsync<AbruptStageTerminationException>(() => result.WaitAsync(Patience.Long));
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task A_file_of_the_user_is_left_open()
    {
        var content = Pattern(5 * Chunk);
        await using var file = await FileOf(content);
        var sources = Enumerable.Range(0, 4).Select(i => Read(AioSource.FromFile(file, Settings with { Start = i * 100 }))).ToArray();
        for (var i = 0; i < sources.Length; i++)
        {
            Assert.Equal(content[(i * 100)..], (await sources[i]).Bytes);
        }

        Assert.Equal(1, await file.ReadAsync(new byte[1], 0));
    }

    [SkippableFact]
    public async Task A_file_that_its_user_closes_fails_it()
    {
        var file = await FileOf(Pattern(100 * Chunk));
        var (result, probe) = Run(AioSource.FromFile(file, Settings));
        probe.Request(1).ExpectNext();
        await file.DisposeAsync();
        probe.Request(100);
        var ended = await result.WaitAsync(Patience.Long);
        Assert.IsType<AioClosedException>(ended.Error);
    }

    [SkippableFact]
    public async Task Buffers_are_their_receivers()
    {
        var content = Pattern((3 * Chunk) + 5);
        var all = new MemoryStream();
        var source = AioSource.BuffersFrom(PathOf(content), Settings);
        var result = source.ToMaterialized(
            Sink.ForEach<AioBuffer>(buffer =>
            {
                using (buffer)
                {
                    all.Write(buffer.GetSpan());
                }
            }),
            Keep.Left).Run(Materializer);
        AssertSucceeded(content.Length, await result);
        await NothingIsLeft();
        Assert.Equal(content, all.ToArray());
    }

    private protected (Task<IOResult> Result, TestSubscriber.Probe<ReadOnlyMemory<byte>> Probe) Run(
        Source<ReadOnlyMemory<byte>, Task<IOResult>> source) =>
        source.ToMaterialized(this.SinkProbe<ReadOnlyMemory<byte>>(), Keep.Both).Run(Materializer);

    protected static void AssertSucceeded(long count, IOResult result) => Assert.Equal((true, count), (result.WasSuccessful, result.Count));

    protected static void AssertFailed(long count, Exception cause, IOResult result)
    {
        Assert.Equal((false, count), (result.WasSuccessful, result.Count));
        Assert.Same(cause, result.Error);
    }
}
