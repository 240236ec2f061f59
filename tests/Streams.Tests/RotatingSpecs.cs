using System.Collections.Concurrent;
using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class RotatingSpecsOnMemory(ITestOutputHelper output) : RotatingSpecs(EngineKind.Memory, output);

public sealed class RotatingSpecsOnLinuxAio(ITestOutputHelper output) : RotatingSpecs(EngineKind.LinuxAio, output);

/// <summary>One file after another.</summary>
public abstract class RotatingSpecs : StreamSpecs
{
    private protected RotatingSpecs(EngineKind kind, ITestOutputHelper output)
        : base(kind, output)
    {
    }

    /// <summary>A new file whenever the next element would make the present one longer than this.</summary>
    private static Func<Func<ReadOnlyMemory<byte>, string?>> BySize(long limit, Func<int, string> pathOf) => () =>
    {
        var (files, size) = (0, limit);
        return element =>
        {
            size += element.Length;
            if (size <= limit)
            {
                return null;
            }

            size = element.Length;
            return pathOf(files++);
        };
    };

    private static Source<ReadOnlyMemory<byte>, NotUsed> Elements(byte[] content, int size) =>
        Source.From(content.Chunk(size).Select(element => (ReadOnlyMemory<byte>)element));

    [SkippableTheory]
    [InlineData(1, 1)]
    [InlineData(100, 1000)]
    [InlineData(999, 1000)]
    [InlineData(4096, 65536)]
    [InlineData(70_000, 65536)]
    public async Task By_size_every_byte_is_in_its_file_also_the_last(int element, int limit)
    {
        var content = Pattern(limit == 1 ? 40 : 300_000);
        var path = NewPath();
        var done = await Elements(content, element)
            .RunWith(AioSink.Rotating(BySize(limit, i => $"{path}.{i}")), Materializer).WaitAsync(Patience.Long);
        Assert.Equal(Done.Instance, done);
        var left = content.AsMemory();
        for (var i = 0; !left.IsEmpty; i++)
        {
            var file = OnDisk($"{path}.{i}");
            Assert.InRange(file.Length, 1, Math.Max(limit, element));
            Assert.Equal(left[..file.Length].ToArray(), file);
            left = left[file.Length..];
        }

        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task One_blueprint_serves_several_streams_each_with_its_own_state()
    {
        var (path, streams) = (NewPath(), 0);
        var sink = AioSink.Rotating(() => BySize(1000, Name(Interlocked.Increment(ref streams)))());
        await Task.WhenAll(
            Elements(Pattern(5000, 1), 500).RunWith(sink, Materializer), Elements(Pattern(5000, 1), 500).RunWith(sink, Materializer))
            .WaitAsync(Patience.Long);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(Pattern(5000, 1)[(i * 1000)..((i + 1) * 1000)], OnDisk(Name(1)(i)));
            Assert.Equal(OnDisk(Name(1)(i)), OnDisk(Name(2)(i)));
        }

        Func<int, string> Name(int stream) => i => $"{path}-{stream}.{i}";
    }

    [SkippableFact]
    public async Task By_time_with_slow_sinks_the_next_begins_before_the_one_before_ends_and_the_task_waits_for_all()
    {
        var ends = new ConcurrentQueue<TaskCompletionSource<IOResult>>();
        var events = new ConcurrentQueue<string>();
        var now = DateTime.UnixEpoch;
        var source = Source.Queue<int>(1, OverflowStrategy.Backpressure);
        var (queue, done) = source.ToMaterialized(
            AioSink.Rotating(
                () =>
                {
                    DateTime? due = null;
                    return _ =>
                    {
                        if (now < due)
                        {
                            return null;
                        }

                        due = now + TimeSpan.FromHours(1);
                        return $"{now:HH}";
                    };
                },
                SlowSink),
            Keep.Both).Run(Materializer);
        for (var hour = 0; hour < 4; hour++)
        {
            Assert.Equal(QueueOfferResult.Enqueued.Instance, await queue.OfferAsync(hour));
            await queue.OfferAsync(10 + hour);
            await Eventually(() => events.Contains($"0{hour}: {10 + hour}"), "written");
            now += TimeSpan.FromHours(1);
        }

        queue.Complete();
        Assert.Equal(
            [
                "00 begins", "00: 0", "00: 10", "01 begins", "01: 1", "01: 11",
                "02 begins", "02: 2", "02: 12", "03 begins", "03: 3", "03: 13",
            ],
            events);
        while (ends.TryDequeue(out var end))
        {
            Assert.False(done.IsCompleted);
            end.SetResult(IOResult.Success(1));
        }

        await done.WaitAsync(Patience.Long);

        Sink<int, Task<IOResult>> SlowSink(string path)
        {
            events.Enqueue($"{path} begins");
            var end = new TaskCompletionSource<IOResult>();
            ends.Enqueue(end);
            return Sink.ForEach<int>(element => events.Enqueue($"{path}: {element}")).MapMaterializedValue(_ => end.Task);
        }
    }

    [SkippableFact]
    public async Task Where_files_end_more_slowly_than_they_fill_there_are_eight_at_most()
    {
        var (begun, ended) = (0, 0);
        var ends = new ConcurrentQueue<TaskCompletionSource<IOResult>>();
        var done = Source.From(Enumerable.Range(0, 30)).RunWith(
            AioSink.Rotating<int>(() => element => $"{element}", _ =>
            {
                Interlocked.Increment(ref begun);
                var end = new TaskCompletionSource<IOResult>();
                ends.Enqueue(end);
                return Sink.Ignore<int>().MapMaterializedValue(_ => end.Task);
            }),
            Materializer);
        for (; ended < 30; ended++)
        {
            await Eventually(() => Volatile.Read(ref begun) == Math.Min(30, 8 + ended), "eight are open");
            Assert.True(ends.TryDequeue(out var end));
            end.SetResult(IOResult.Success(1));
        }

        await done.WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task A_sink_that_fails_fails_the_stream_and_what_others_have_is_kept()
    {
        var path = NewPath();
        var (cancelled, done) = Elements(Pattern(10_000), 1000).Concat(Source.Never<ReadOnlyMemory<byte>>())
            .WatchTermination(Keep.Right)
            .ToMaterialized(
                AioSink.Rotating(BySize(2000, i => $"{path}.{i}"), Failing), Keep.Both)
            .Run(Materializer);
        var failure = await Assert.ThrowsAsync<AbruptIOTerminationException>(() => done.WaitAsync(Patience.Long));
        Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(failure.InnerException).Errno);
        await Assert.ThrowsAnyAsync<Exception>(() => cancelled.WaitAsync(Patience.Long));
        Assert.Equal(Pattern(10_000)[..2000], OnDisk($"{path}.0"));
        Assert.Equal(Pattern(10_000)[2000..4000], OnDisk($"{path}.1"));
        await NothingIsLeft();

        Sink<ReadOnlyMemory<byte>, Task<IOResult>> Failing(string file) => file.EndsWith(".2", StringComparison.Ordinal)
            ? Flow.Create<ReadOnlyMemory<byte>>()
                .Select(ReadOnlyMemory<byte> (_) => throw new AioSystemException(Errno.EIO, "write", file))
                .ToMaterialized(AioSink.ToFile(path + ".2"), Keep.Right)
            : AioSink.ToFile(file);
    }

    [SkippableFact]
    public async Task A_file_that_cannot_be_opened_fails_the_stream_with_the_cause()
    {
        Skip.If(Kind == EngineKind.Memory, "it has no folders");
        var path = NewPath();
        var failure = await Assert.ThrowsAsync<AioSystemException>(() => Elements(Pattern(10_000), 1000).RunWith(
            AioSink.Rotating(BySize(2000, i => i == 2 ? $"{path}.none/2" : $"{path}.{i}")), Materializer).WaitAsync(Patience.Long));
        Assert.Equal((Errno.ENOENT, $"{path}.none/2"), (failure.Errno, failure.Path));
        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task A_function_that_throws_or_names_no_first_file_fails_the_stream()
    {
        var path = NewPath();
        var naming = await Assert.ThrowsAsync<FormatException>(() => Run(() => throw new FormatException("at the start")));
        Assert.Equal("at the start", naming.Message);
        var count = 0;
        naming = await Assert.ThrowsAsync<FormatException>(
            () => Run(() => _ => count++ == 0 ? path : throw new FormatException("at an element")));
        Assert.Equal("at an element", naming.Message);
        Assert.Equal(1000, LengthOnDisk(path));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Run(() => _ => null));
        await Assert.ThrowsAsync<ArgumentException>(() => Run(() => _ => ""));
        await NothingIsLeft();

        Task Run(Func<Func<ReadOnlyMemory<byte>, string?>> newPathOf) =>
            Elements(Pattern(10_000), 1000).RunWith(AioSink.Rotating(newPathOf), Materializer).WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task A_failed_stream_fails_the_task_after_what_came_before_is_written_and_a_stopped_one_is_no_success()
    {
        var path = NewPath();
        var count = 0;
        var failing = Elements(Pattern(5000), 1000).Select(element => ++count < 4 ? element : throw new FormatException("upstream"));
        await Assert.ThrowsAsync<FormatException>(
            () => failing.RunWith(AioSink.Rotating(BySize(2000, i => $"{path}.{i}")), Materializer).WaitAsync(Patience.Long));
        Assert.Equal(Pattern(5000)[..2000], OnDisk($"{path}.0"));
        Assert.Equal(Pattern(5000)[2000..3000], OnDisk($"{path}.1"));

        using var materializer = Sys.Materializer(namePrefix: "ends");
        var stopped = Source.Never<ReadOnlyMemory<byte>>().RunWith(AioSink.Rotating(BySize(2000, _ => path)), materializer);
        materializer.Shutdown();
        await Assert.ThrowsAsync<AbruptStageTerminationException>(() => stopped.WaitAsync(Patience.Long));
        await NothingIsLeft();
    }
}
