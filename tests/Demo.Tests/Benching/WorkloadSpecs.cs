using AkkaAio.Demo.Benching;

namespace AkkaAio.Demo.Tests.Benching;

public sealed class WorkloadSpecs
{
    private const int Bs = 4096;
    private const int Blocks = 100;

    // The file ends in a part of a block: that is never touched.
    private const long Size = (Blocks * Bs) + 1000;

    [Fact]
    public void Random_offsets_are_blocks_of_all_of_the_file()
    {
        var workload = Make(RwKind.RandRead);

        var blocks = Enumerable.Range(0, 100 * Blocks).Select(_ => BlockOf(workload.Next().Offset)).ToHashSet();

        Assert.Equal(Enumerable.Range(0, Blocks).Select(block => (long)block), blocks.Order());
    }

    [Fact]
    public void Sequential_offsets_go_round() =>
        Assert.Equal([98, 99, 0, 1], Take(Make(RwKind.Read), Blocks + 2).Select(next => BlockOf(next.Offset)).Skip(98));

    [Fact]
    public void Requesters_begin_in_parts_of_their_own()
    {
        var options = Options(RwKind.Write) with { Numjobs = 4 };

        Assert.Equal(
            [0, 25, 50, 75],
            Enumerable.Range(0, 4).Select(requester => BlockOf(new Workload(options, Size, requester).Next().Offset)));
    }

    [Fact]
    public void A_sync_follows_so_many_writes()
    {
        var workload = new Workload(Options(RwKind.RandWrite) with { Fsync = 2 }, Size, 0);

        Assert.Equal("WWSWWSWW", string.Concat(Take(workload, 8).Select(next => next.Kind.ToString()[0])));
    }

    [Fact]
    public void Half_of_a_mixed_load_is_writes() =>
        Assert.InRange(Take(Make(RwKind.RandRw), 10_000).Count(next => next.Kind == OperationKind.Write), 4500, 5500);

    private static IEnumerable<(OperationKind Kind, long Offset)> Take(Workload workload, int count) =>

        [.. Enumerable.Range(0, count).Select(_ => workload.Next())];

    private static BenchOptions Options(RwKind rw) => new() { Filename = "f", Rw = rw, Bs = Bs };

    private static Workload Make(RwKind rw) => new(Options(rw), Size, 0);

    private static long BlockOf(long offset)
    {
        Assert.Equal(0, offset % Bs);
        return offset / Bs;
    }
}
