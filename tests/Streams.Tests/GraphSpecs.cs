using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.TestKit;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using CsCheck;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class GraphSpecsOn512(ITestOutputHelper output) : GraphSpecs(output, alignment: 512);

public sealed class GraphSpecsOn4096(ITestOutputHelper output) : GraphSpecs(output, alignment: 4096);

/// <summary>
/// Random streams against a model that is a byte array: a file is read from anywhere, goes through operators that keep its bytes, and is
/// written to anywhere in another, with flushes, on a disk that completes in any order. A failure names the seed that repeats it.
/// </summary>
public abstract class GraphSpecs : StreamSpecs
{
    private static readonly AioFlushPolicy[] Policies =
    [
        AioFlushPolicy.Never, AioFlushPolicy.OnComplete, AioFlushPolicy.EachElement,
        AioFlushPolicy.EveryBytes(1), AioFlushPolicy.EveryBytes(3000),
    ];

    private static readonly Gen<Plan> Plans =
        from content in Gen.Int[0, 9000]
        from start in Gen.Int[0, 10_000]
        from length in Gen.OneOf(Gen.Const((int?)null), Gen.Int[0, 9000].Select(value => (int?)value))
        from target in Gen.Int[0, 9000]
        from position in Gen.Int[0, 6000]
        from mode in Gen.OneOf(Gen.Const(FileMode.Create), Gen.Const(FileMode.OpenOrCreate), Gen.Const(FileMode.Append))
        from sizes in Gen.Select(Gen.Int[1, 3000], Gen.Int[1, 6000], Gen.Int[1, 6000])
        from windows in Gen.Select(Gen.Int[1, 16], Gen.Int[1, 16])
        from flush in Gen.Int[0, Policies.Length - 1].Select(i => Policies[i])
        from isDirect in Gen.Bool
        from operators in Gen.Int[0, 4].Array[0, 3]
        from ending in Gen.OneOf(Gen.Const((int?)null), Gen.Int[0, 10].Select(value => (int?)value))
        from delays in Gen.Int[0, 3].Array[1, 20]
        select new Plan(content, start, length, target, position, mode, sizes, windows, flush, isDirect, operators, ending, delays);

    private protected GraphSpecs(ITestOutputHelper output, int alignment)
        : base(EngineKind.Memory, output, engine: new MemoryEngine { Alignment = alignment })
    {
    }

    [Fact]
    public async Task Whatever_the_stream_the_file_is_as_the_model_says()
    {
        var materializer = NewMaterializer();
        await Plans.SampleAsync(
            plan => this.AssertAllStagesStoppedAsync(() => Check(plan, materializer), materializer), iter: 150, threads: 1);
        await NothingIsLeft();
    }

    private async Task Check(Plan plan, ActorMaterializer materializer)
    {
        var submitted = 0;
        Engine.OnOperation = (in _) => new OperationFault { Delay = plan.Delays[submitted++ % plan.Delays.Length] };
        var (from, to) = (Pattern(plan.From, 1), Pattern(plan.To, 2));
        var direct = new AioOpenOptions { Direct = plan.IsDirect ? DirectIo.Required : DirectIo.Off };
        var source = AioSource.FromFile(PathOf(from), new AioReadSettings
        {
            Start = plan.Start,
            Length = plan.Length,
            ChunkSize = plan.Sizes.Item1,
            ReadSize = plan.Sizes.Item2,
            ReadAhead = plan.Windows.Item1 * (long)plan.Sizes.Item2,
            Open = direct,
        });
        var read = from[Math.Min(plan.Start, from.Length)..];
        read = read[..Math.Min(plan.Length ?? int.MaxValue, read.Length)];

        source = plan.Operators.Aggregate(source, (all, code) => code switch
        {
            0 => all.Async(),
            1 => all.Buffer(3, OverflowStrategy.Backpressure),
            2 => all.SelectMany(element => new[] { element[..(element.Length / 3)], element[(element.Length / 3)..] }),
            3 => all.SelectAsync(2, Task.FromResult),
            _ => all.Select(element => (ReadOnlyMemory<byte>)element.ToArray()),
        });
        if (plan.Ending is { } ending)
        {
            source = source.Take(ending);
        }

        var path = PathOf(to);
        var start = plan.Mode == FileMode.Append ? 0 : plan.Position;
        var (readResult, writeResult) = source.ToMaterialized(
            AioSink.ToFile(path, new AioWriteSettings
            {
                Mode = plan.Mode,
                Start = start,
                BlockSize = plan.Sizes.Item3,
                Window = plan.Windows.Item2,
                Flush = plan.Flush,
                Open = direct,
            }),
            Keep.Both).Run(materializer);
        var written = (int)(await writeResult.WaitAsync(Patience.Long)).Count;
        Assert.True((await readResult.WaitAsync(Patience.Long)).WasSuccessful);
        Assert.Equal(plan.Ending is null ? read.Length : Math.Min(written, read.Length), written);

        var expected = plan.Mode == FileMode.Create ? [] : to;
        start = plan.Mode == FileMode.Append ? to.Length : start;
        if (written > 0)
        {
            Array.Resize(ref expected, Math.Max(expected.Length, start + written));
            read.AsSpan(0, written).CopyTo(expected.AsSpan(start));
        }

        Assert.Equal(expected, OnDisk(path));
    }

    /// <summary>One stream.</summary>
    private sealed record Plan(
        int From, int Start, int? Length, int To, int Position, FileMode Mode, (int, int, int) Sizes, (int, int) Windows,
        AioFlushPolicy Flush, bool IsDirect, int[] Operators, int? Ending, int[] Delays);
}
