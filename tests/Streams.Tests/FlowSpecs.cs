using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class FlowSpecsOnMemory(ITestOutputHelper output) : FlowSpecs(EngineKind.Memory, output)
{
    private int _held;

    private void HoldReadsAt(Func<long, bool> isHeld) => Engine.OnOperation = (in request) =>
    {
        var hold = isHeld(request.Offset);
        _ = hold ? Interlocked.Increment(ref _held) : 0;
        return new OperationFault { Hold = hold };
    };

    // A file with held reads does not close: a spec that fails would hang.
    private sealed class LetGo(MemoryEngine engine) : IDisposable
    {
        public void Dispose()
        {
            engine.OnOperation = null;
            engine.Release();
        }
    }

    [SkippableFact]
    public async Task Unordered_results_pass_one_that_is_slow_and_ordered_ones_wait_for_it()
    {
        await using (var file = await FileOf(Pattern(4 * Block)))
        {
            using var letGo = new LetGo(Engine);
            HoldReadsAt(offset => offset == 0);
            var unordered = Ranges(4).Via(AioFlow.ReadAtUnordered<int>(file, 4)).RunWith(Seq(), Materializer);
            await Eventually(() => Passed == 3, "three results have passed");
            Engine.Release();
            Assert.Equal([1, 2, 3, 0], await unordered.WaitAsync(Patience.Long));

            var ordered = Ranges(4).Via(AioFlow.ReadAt<int>(file, 4)).RunWith(Seq(), Materializer);
            await Eventually(() => Volatile.Read(ref _held) == 2, "the first is under way again");
            Engine.Release();
            Assert.Equal([0, 1, 2, 3], await ordered.WaitAsync(Patience.Long));
        }

        await NothingIsLeft();
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    public async Task No_more_operations_are_under_way_than_asked_for(int parallelism)
    {
        await using (var file = await FileOf(Pattern(64 * Block)))
        {
            using var letGo = new LetGo(Engine);
            HoldReadsAt(_ => true);
            var results = Ranges(64).Via(AioFlow.ReadAtUnordered<int>(file, parallelism)).RunWith(Seq(), Materializer);
            for (var done = 0; done < 64;)
            {
                var now = Math.Min(64 - done, parallelism);
                await Eventually(() => Volatile.Read(ref _held) == done + now, $"{now} more reads are under way");
                Assert.Equal(now, Engine.Release());
                done += now;
            }

            Assert.Equal(Enumerable.Range(0, 64), (await results.WaitAsync(Patience.Long)).Order());
        }

        await NothingIsLeft();
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failure_fails_the_stream_and_ordered_results_before_it_come_first(bool isOrdered)
    {
        await using (var file = await FileOf(Pattern(8 * Block)))
        {
            Engine.OnOperation = (in request) => new OperationFault { Error = request.Offset == 5 * Block ? Errno.EIO : Errno.None };
            var seen = new List<int>();
            var done = Ranges(8)
                .Via(isOrdered ? AioFlow.ReadAt<int>(file, 4) : AioFlow.ReadAtUnordered<int>(file, 4))
                .RunForeach(Take(seen), Materializer);
            var failure = await Assert.ThrowsAsync<AioSystemException>(() => done.WaitAsync(Patience.Long));
            Assert.Equal((Errno.EIO, "read", 5L * Block), (failure.Errno, failure.Operation, failure.Offset));
            if (isOrdered)
            {
                Assert.Equal([0, 1, 2, 3, 4], seen);
            }

            Engine.OnOperation = null;
        }

        await NothingIsLeft();
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_that_is_held_when_the_stream_ends_gives_its_buffer_back_when_it_is_let_go(bool aborts)
    {
        await using (var file = await FileOf(Pattern(64 * Block)))
        {
            using var letGo = new LetGo(Engine);
            HoldReadsAt(offset => offset >= Block);
            using var materializer = Sys.Materializer(namePrefix: "ends");
            var (cancel, done) = Ranges(64).ViaMaterialized(KillSwitches.Single<(AioRange, int)>(), Keep.Right)
                .Via(AioFlow.ReadAt<int>(file, 16)).ToMaterialized(Seq(), Keep.Both).Run(materializer);
            await Eventually(() => Volatile.Read(ref _held) == 16, "the first has passed, the others are held");
            if (aborts)
            {
                cancel.Abort(new InvalidOperationException("enough"));
            }
            else
            {
                materializer.Shutdown();
            }

            var failure = await Record.ExceptionAsync(() => done.WaitAsync(Patience.Long));
            Assert.IsType(
                aborts ? typeof(InvalidOperationException) : typeof(AbruptStageTerminationException), failure?.GetBaseException());
            Assert.Equal(16, Engine.Release());
        }

        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task A_durable_write_carries_dsync()
    {
        var durable = new List<bool>();
        Engine.OnWritten = (_, _, _, isDurable) => durable.Add(isDurable);
        await using (var file = await NewFile(4 * Block))
        {
            foreach (var durability in (AioDurability[])[AioDurability.Dsync, AioDurability.None])
            {
                await Writes(Pattern(4 * Block)).Via(AioFlow.WriteAt<int>(file, 2, durability)).RunWith(Sink.Ignore<int>(), Materializer)
                    .WaitAsync(Patience.Long);
            }
        }

        Assert.Equal([true, true, true, true, false, false, false, false], durable);
    }
}

public sealed class FlowSpecsOnLinuxAio(ITestOutputHelper output) : FlowSpecs(EngineKind.LinuxAio, output);

public sealed class FlowSpecsOnThreadPool(ITestOutputHelper output) : FlowSpecs(EngineKind.ThreadPool, output);

/// <summary>Random access as flows.</summary>
public abstract class FlowSpecs : StreamSpecs
{
    private int _passed;

    private protected FlowSpecs(EngineKind kind, ITestOutputHelper output)
        : base(kind, output, "akka.io.aio { depth = 16, max-queue-size = 20 }")
    {
    }

    protected static Source<(AioRange Range, int Pass), Akka.NotUsed> Ranges(int count) =>
        Source.From(Enumerable.Range(0, count).Select(i => (new AioRange((long)i * Block, Block), i)));

    protected static Source<(long Offset, ReadOnlyMemory<byte> Data, int Pass), Akka.NotUsed> Writes(byte[] content) =>
        Source.From(Enumerable.Range(0, content.Length / Block)
            .Select(i => ((long)i * Block, (ReadOnlyMemory<byte>)content.AsMemory(i * Block, Block), i)));

    /// <summary>Results that have come out.</summary>
    protected int Passed => Volatile.Read(ref _passed);

    /// <summary>What was passed along; the buffers go back.</summary>
    protected Sink<(AioBuffer Data, int Pass), Task<System.Collections.Immutable.IImmutableList<int>>> Seq() =>
        Flow.Create<(AioBuffer Data, int Pass)>().Select(result =>
        {
            result.Data.Dispose();
            Interlocked.Increment(ref _passed);
            return result.Pass;
        }).ToMaterialized(Sink.Seq<int>(), Keep.Right);

    protected static Action<(AioBuffer Data, int Pass)> Take(List<int> seen) => result =>
    {
        result.Data.Dispose();
        seen.Add(result.Pass);
    };

    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task Ranges_of_any_offset_and_length_are_read_in_their_order(DirectIo direct)
    {
        var content = Pattern(300_000);
        await using (var file = await FileOf(content, direct))
        {
            var random = new Random(7);
            var ranges = Enumerable.Range(0, 500)
                .Select(i => (Range: new AioRange(random.Next(content.Length + 100), random.Next(1, 9000)), Pass: i)).ToArray();
            var next = 0;
            await Source.From(ranges).Via(AioFlow.ReadAt<int>(file, 100)).RunForeach(
                result =>
                {
                    using var data = result.Data;
                    Assert.Equal(next++, result.Pass);
                    var (offset, length) = ranges[result.Pass].Range;
                    var from = (int)Math.Min(offset, content.Length);
                    Assert.Equal(content.AsSpan(from..Math.Min(from + length, content.Length)), data.GetSpan());
                },
                Materializer).WaitAsync(Patience.Long);
            Assert.Equal(ranges.Length, next); // more than the shard's queue holds: none was refused
        }

        await NothingIsLeft();
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_written_is_in_the_file_and_what_was_passed_along_comes_out_once(bool isOrdered)
    {
        var content = Pattern(256 * Block);
        var file = await NewFile(content.Length);
        var flow = isOrdered ? AioFlow.WriteAt<int>(file, 64) : AioFlow.WriteAtUnordered<int>(file, 64);
        var passed = await Writes(content).Via(flow).RunWith(Sink.Seq<int>(), Materializer).WaitAsync(Patience.Long);
        Assert.Equal(Enumerable.Range(0, 256), isOrdered ? passed : passed.Order());
        Assert.Equal(content, ContentOf(file));
        await file.DisposeAsync();
        await NothingIsLeft();
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public async Task Nothing_is_left_when_the_stream_ends_early(int parallelism)
    {
        await using (var file = await FileOf(Pattern(64 * Block)))
        {
            for (var i = 0; i < 20; i++)
            {
                await Ranges(64).Via(AioFlow.ReadAt<int>(file, parallelism)).Take(i % 4).RunWith(Seq(), Materializer)
                    .WaitAsync(Patience.Long);
                await Ranges(64).Via(AioFlow.ReadAtUnordered<int>(file, parallelism)).Take(i % 4).RunWith(Seq(), Materializer)
                    .WaitAsync(Patience.Long);
            }
        }

        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task A_misaligned_write_and_a_closed_file_fail_the_stream_with_what_was_wrong()
    {
        var file = await NewFile(Block);
        var misaligned = await Assert.ThrowsAsync<AioAlignmentException>(() => WriteOne(file, 1));
        Assert.Equal(1, misaligned.Offset);
        await file.DisposeAsync();
        await Assert.ThrowsAsync<AioClosedException>(() => WriteOne(file, 0));
        await Assert.ThrowsAsync<AioClosedException>(
            () => Ranges(1).Via(AioFlow.ReadAt<int>(file, 1)).RunWith(Seq(), Materializer).WaitAsync(Patience.Long));
        Assert.Throws<ArgumentOutOfRangeException>(() => AioFlow.ReadAt<int>(file, 0));
        await NothingIsLeft();

        Task WriteOne(AioFile to, long offset) => Source.Single((offset, (ReadOnlyMemory<byte>)new byte[Block], 0))
            .Via(AioFlow.WriteAt<int>(to, 1)).RunWith(Sink.Ignore<int>(), Materializer).WaitAsync(Patience.Long);
    }

    [SkippableFact]
    public async Task A_failure_before_the_flow_fails_it_and_an_empty_stream_completes()
    {
        await using (var file = await FileOf(Pattern(Block)))
        {
            var failing = Ranges(8).Concat(Source.Failed<(AioRange, int)>(new InvalidOperationException("upstream")));
            var failure = await Assert.ThrowsAsync<InvalidOperationException>(
                () => failing.Via(AioFlow.ReadAt<int>(file, 16)).RunWith(Seq(), Materializer).WaitAsync(Patience.Long));
            Assert.Equal("upstream", failure.Message);
            Assert.Empty(await Ranges(0).Via(AioFlow.ReadAt<int>(file, 16)).RunWith(Seq(), Materializer).WaitAsync(Patience.Long));
        }

        await NothingIsLeft();
    }
}
