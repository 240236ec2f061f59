using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>Neighbouring writes that may be merged: one operation in the kernel, one true completion each.</summary>
public sealed class MergedWriteTests : IDisposable
{
    private const int Depth = 64;

    private readonly LinuxAioRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(Depth)]
    public void Each_has_its_completion_and_its_bytes(int count)
    {
        var file = _rig.File(new byte[count * Block]);
        var context = _rig.Context(Depth);

        context.SubmitAll(Writes(file, count));
        var results = context.ReapAll(count);

        Assert.Equal(Enumerable.Range(0, count).Select(slot => Depth - 1 - slot).Order(), results.Keys.Order());
        Assert.All(results.Values, result => Assert.Equal(Block, result));
        Assert.Equal(Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((byte)(i + 1), Block)), _rig.Content());
    }

    [Fact]
    public void They_are_one_operation_of_the_kernel()
    {
        var requests = Writes(_rig.File(new byte[8 * Block]), 8);
        Assert.Equal(8, MergedWrites.CountAtStart(requests));
    }

    [Fact]
    public void Only_neighbours_of_one_file_with_the_same_flags_that_may_are_merged()
    {
        var (file, other) = (_rig.File(new byte[8 * Block]), _rig.File(new byte[8 * Block], name: "other"));
        var requests = Writes(file, 3);
        Assert.Equal(1, MergedWrites.CountAtStart(requests.AsSpan(2)));
        Assert.Equal(1, MergedWrites.CountAtStart([requests[0], requests[2]]));
        Assert.Equal(1, MergedWrites.CountAtStart([requests[1], requests[0]]));
        Assert.Equal(1, MergedWrites.CountAtStart([requests[0] with { MayMerge = false }, requests[1]]));
        Assert.Equal(1, MergedWrites.CountAtStart([requests[0], requests[1] with { MayMerge = false }]));
        Assert.Equal(1, MergedWrites.CountAtStart([requests[0], requests[1] with { Flags = RwFlags.DSync }]));
        Assert.Equal(1, MergedWrites.CountAtStart([requests[0], requests[1] with { Descriptor = other.Descriptor }]));
    }

    [Fact]
    public void Merging_ends_at_half_a_mebibyte()
    {
        var file = _rig.File(new byte[Block]);
        var large = Enumerable.Range(0, 20).Select(i => new IoRequest(
            i, IoOpcode.Write, file.Descriptor, 0, 100 << 10, i * (100L << 10), MayMerge: true)).ToArray();
        Assert.Equal(5, MergedWrites.CountAtStart(large));
    }

    [Fact]
    public void Operations_between_and_around_keep_their_own()
    {
        var file = _rig.File(new byte[Depth * Block]);
        var context = _rig.Context(Depth);
        var writes = Writes(file, 6);
        var read = Io.Read(0, file, _rig.Buffer(), 20 * Block);
        var sync = Io.DataSync(1, file);
        context.SubmitAll(writes[0], writes[1], read, writes[2], writes[3], sync, writes[4]);

        var results = context.ReapAll(7);

        Assert.Equal(0, results[1]);
        Assert.All(results.Where(result => result.Key != 1), result => Assert.Equal(Block, result.Value));
    }

    [Fact]
    public void More_completions_than_fit_come_with_the_next_reap()
    {
        var file = _rig.File(new byte[10 * Block]);
        var context = _rig.Context(Depth);
        context.SubmitAll(Writes(file, 10));
        var completions = new IoCompletion[4];
        var counts = new[] { Reap(), Reap(), Reap() };
        Assert.Equal([4, 4, 2], counts);
        Assert.Equal(0, context.Reap(completions, 0, TimeSpan.Zero));

        int Reap() => context.Reap(completions, 1, Bounded.Patience);
    }

    [Fact]
    public async Task A_reap_for_all_of_them_does_not_wait_for_as_many_events()
    {
        var file = _rig.File(new byte[10 * Block]);
        var context = _rig.Context(Depth);
        context.SubmitAll(Writes(file, 10));
        var completions = new IoCompletion[Depth];
        Assert.Equal(10, await Bounded.Run(() => context.Reap(completions, 10, Timeout.InfiniteTimeSpan)));
    }

    [Fact]
    public void After_an_error_each_is_to_be_done_again_alone()
    {
        var file = _rig.File(new byte[10 * Block]);
        var context = _rig.Context(Depth);
        var requests = Writes(file, 4);
        requests[2] = requests[2] with { Buffer = requests[2].Buffer + 1 }; // misaligned: EINVAL, in the event
        context.SubmitAll(requests);

        Assert.All(context.ReapAll(4).Values, result => Assert.Equal(0, result));
        Assert.Equal(new byte[10 * Block], _rig.Content());
        Assert.Equal(-(long)Errno.EINVAL, context.Perform(requests[2] with { MayMerge = false }));
        Assert.Equal(Block, context.Perform(requests[3] with { MayMerge = false }));
    }

    [Theory]
    [InlineData(3 * Block, Block, Block, Block)]
    [InlineData((2 * Block) + 512, Block, Block, 512)]
    [InlineData(100, 100, 0, 0)]
    [InlineData(0, 0, 0, 0)]
    [InlineData(-5, 0, 0, 0)]
    public void What_was_written_is_dealt_out_in_order(long result, long first, long second, long third)
    {
        using var merged = new MergedWrites(Depth);
        var requests = Writes(_rig.File([]), 3);
        merged.Prepare(requests, 0);
        var completions = new Queue<IoCompletion>();
        merged.Complete(requests[0].Slot, result, completions);
        Assert.Equal(requests.Zip([first, second, third], (request, part) => new IoCompletion(request.Slot, part)), completions);
    }

    [Fact]
    public void A_bad_descriptor_concerns_the_first_only()
    {
        var file = _rig.File(new byte[10 * Block], FileAccess.Read);
        var context = _rig.Context(Depth);
        var result = context.Submit(Writes(file, 4));
        Assert.Equal(new IoSubmitResult(0, Errno.EBADF), result);
    }

    [Fact]
    public void A_short_submit_counts_each_request_of_what_was_merged()
    {
        var file = _rig.File(new byte[10 * Block]);
        var context = _rig.Context(Depth);
        var writes = Writes(file, 2);
        var bad = Io.Write(0, file, _rig.Buffer(), 2 * Block) with { Descriptor = int.MaxValue, MayMerge = true };

        // io_submit takes one iocb of two and returns 1.
        Assert.Equal(new IoSubmitResult(2, Errno.None), context.Submit([.. writes, bad]));
        Assert.Equal(new IoSubmitResult(0, Errno.EBADF), context.Submit([bad]));

        var results = context.ReapAll(2);
        Assert.Equal(writes.Select(write => write.Slot).Order(), results.Keys.Order());
        Assert.All(results.Values, result => Assert.Equal(Block, result));
    }

    // Slots from the last to the first: the order of slots means nothing.
    private IoRequest[] Writes(IIoFile file, int count) => [.. Enumerable.Range(0, count).Select(i =>
        Io.Write(Depth - 1 - i, file, _rig.Buffer(Block, (byte)(i + 1)), i * Block) with { MayMerge = true })];
}

/// <summary>Completions are the same whether they are taken out of the ring or asked of the kernel.</summary>
public sealed class UserSpaceReapTests : IDisposable
{
    private readonly LinuxAioRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_ring_wraps_around_many_times_and_loses_nothing(bool userSpaceReap)
    {
        using var context = new LinuxAioContext(8, userSpaceReap);
        var file = _rig.File(new byte[8 * Block]);
        var buffers = Enumerable.Range(0, 8).Select(_ => _rig.Buffer()).ToArray();
        var random = new Random(1);
        for (var round = 0; round < 2000; round++)
        {
            var count = random.Next(1, 9);
            context.SubmitAll([.. Enumerable.Range(0, count).Select(slot => Io.Read(slot, file, buffers[slot], slot * Block))]);
            Assert.Equal(Enumerable.Range(0, count), context.ReapAll(count).Keys.Order());
        }
    }
}
