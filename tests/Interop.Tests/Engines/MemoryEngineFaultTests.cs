using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>Each fault that a script can inject into an operation or a submit does what it says, and only that.</summary>
public sealed class MemoryEngineFaultTests : IDisposable
{
    private readonly MemoryRig _rig = new();
    private readonly MemoryEngine _engine;
    private readonly IIoContext _context;
    private readonly IIoFile _file;

    public MemoryEngineFaultTests()
    {
        _engine = _rig.Memory;
        _context = _rig.Context(8);
        _file = _rig.File(Io.Pattern(2 * Block));
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void An_errno_is_the_completions_and_nothing_is_transferred()
    {
        _engine.OnOperation = (in request) => new OperationFault { Error = request.Slot == 1 ? Errno.EIO : Errno.None };
        var good = _rig.Buffer(fill: 1);
        var bad = _rig.Buffer(fill: 2);

        _context.SubmitAll(Io.Write(0, _file, good), Io.Write(1, _file, bad, Block));

        Assert.Equal(new Dictionary<int, long> { [0] = Block, [1] = -5 }, _context.ReapAll(2));
        Assert.Equal(Errno.EIO, new IoCompletion(1, -5).Error);
        Assert.Equal([.. good.GetSpan(), .. Io.Pattern(2 * Block).AsSpan(Block)], _rig.Content());
    }

    [Fact]
    public void A_short_transfer_moves_so_many_bytes_and_no_more()
    {
        _engine.OnOperation = (in _) => new OperationFault { ShortTo = 100 };
        var buffer = _rig.Buffer(fill: 0xEE);

        Assert.Equal(100, _context.Perform(Io.Read(0, _file, buffer)));
        Assert.Equal(Io.Pattern(2 * Block).AsSpan(0, 100), buffer.GetSpan()[..100]);
        Assert.Equal(-1, buffer.GetSpan()[100..].IndexOfAnyExcept((byte)0xEE));

        buffer.GetSpan().Fill(7);
        Assert.Equal(100, _context.Perform(Io.Write(0, _file, buffer)));
        Assert.Equal([.. buffer.GetSpan()[..100], .. Io.Pattern(2 * Block).AsSpan(100)], _rig.Content());
    }

    [Fact]
    public void A_short_transfer_of_0_bytes_is_a_success_of_0_bytes()
    {
        _engine.OnOperation = (in _) => new OperationFault { ShortTo = 0 };
        Assert.Equal(0, _context.Perform(Io.Write(0, _file, _rig.Buffer())));
        Assert.Equal(Io.Pattern(2 * Block), _rig.Content());
    }

    [Fact]
    public void Held_operations_stay_in_flight_until_they_are_released_in_the_order_given()
    {
        Hold(4);
        Assert.Empty(_context.ReapAll(0));

        Assert.Equal(4, _engine.Release(order: (a, b) => b.Slot.CompareTo(a.Slot)));

        Assert.Equal([3, 2, 1, 0], Reap());
        Assert.Equal(0, _engine.Release());
    }

    [Fact]
    public void A_release_of_some_leaves_the_others_held_and_keeps_the_order_of_submission()
    {
        Hold(5);

        Assert.Equal(2, _engine.Release(request => request.Slot is 1 or 3));
        Assert.Equal([1, 3], Reap());

        Assert.Equal(3, _engine.Release());
        Assert.Equal([0, 2, 4], Reap());
    }

    [Fact]
    public async Task A_release_ends_the_reap_that_waits_for_it()
    {
        Hold(1);
        var reap = new BlockedCall<int>(() => _context.Reap(new IoCompletion[1], 1, Timeout.InfiniteTimeSpan));
        await reap.UntilAsleep();

        _engine.Release();

        Assert.Equal(1, await reap.Result);
    }

    [Fact]
    public void A_held_operation_uses_its_memory_when_it_completes_as_a_device_does()
    {
        _engine.OnOperation = (in _) => new OperationFault { Hold = true };
        var buffer = _rig.Buffer(fill: 1);
        _context.SubmitAll(Io.Write(0, _file, buffer));

        buffer.GetSpan().Fill(2);
        Assert.Equal(Io.Pattern(2 * Block), _rig.Content());
        _engine.Release();

        Assert.Equal([.. buffer.GetSpan(), .. Io.Pattern(2 * Block).AsSpan(Block)], _rig.Content());
    }

    [Fact]
    public void A_held_operation_may_fail_or_be_short_when_it_is_released()
    {
        _engine.OnOperation = (in request) => new OperationFault
        {
            Hold = true,
            Error = request.Slot == 0 ? Errno.ENOSPC : Errno.None,
            ShortTo = 512,
        };
        _context.SubmitAll(Io.Write(0, _file, _rig.Buffer()), Io.Read(1, _file, _rig.Buffer()));
        _engine.Release();

        Assert.Equal(new Dictionary<int, long> { [0] = -28, [1] = 512 }, _context.ReapAll(2));
    }

    [Fact]
    public void A_delayed_operation_completes_after_so_many_others()
    {
        _engine.OnOperation = (in request) => new OperationFault { Delay = request.Slot == 0 ? 2 : 0 };
        _context.SubmitAll([.. Slots(4)]);

        Assert.Equal([1, 2, 0, 3], Reap());
    }

    [Fact]
    public void A_released_operation_counts_as_one_of_the_others()
    {
        _engine.OnOperation = (in request) => request.Slot == 0 ? new() { Delay = 1 } : new() { Hold = true };
        _context.SubmitAll([.. Slots(2)]);
        Assert.Empty(Reap());

        _engine.Release();

        Assert.Equal([1, 0], Reap());
    }

    [Fact]
    public void A_delayed_operation_completes_earlier_when_the_reaper_would_wait_in_vain()
    {
        _engine.OnOperation = (in _) => new OperationFault { Delay = 100 };
        _context.SubmitAll([.. Slots(2)]);

        Assert.Equal([0, 1], _context.ReapAll(2).Keys.Order());
    }

    [Fact]
    public void A_submit_that_is_refused_for_the_moment_accepts_nothing_and_then_everything()
    {
        var refusals = 3;
        _engine.OnSubmit = _ => refusals-- > 0 ? new SubmitFault { Error = Errno.EAGAIN } : default;
        var batch = Slots(4).ToArray();

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(new IoSubmitResult(0, Errno.EAGAIN), _context.Submit(batch));
        }

        Assert.Empty(_context.ReapAll(0));
        Assert.Equal(new IoSubmitResult(4, Errno.None), _context.Submit(batch));
        Assert.Equal(4, _context.ReapAll(4).Count);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(100, 4)]
    public void A_short_submit_accepts_the_first_so_many_without_an_errno(int shortTo, int accepted)
    {
        _engine.OnSubmit = _ => new SubmitFault { ShortTo = shortTo };

        Assert.Equal(new IoSubmitResult(accepted, Errno.None), _context.Submit([.. Slots(4)]));
        Assert.Equal(Enumerable.Range(0, accepted), _context.ReapAll(accepted).Keys.Order());
    }

    [Fact]
    public void A_script_sees_the_requests_as_they_are()
    {
        var submitted = new List<int>();
        var seen = new List<IoRequest>();
        _engine.OnSubmit = requests =>
        {
            submitted.Add(requests.Length);
            return default;
        };
        _engine.OnOperation = (in request) =>
        {
            seen.Add(request);
            return default;
        };
        var batch = Slots(3).ToArray();

        _context.SubmitAll(batch);

        Assert.Equal([3], submitted);
        Assert.Equal(batch, seen);
    }

    [Fact]
    public async Task What_a_reap_script_throws_is_the_reapers()
    {
        _engine.OnReap = () => throw new IOException("the reaper dies");
        await Assert.ThrowsAsync<IOException>(() => Bounded.Run(() => _context.Reap(new IoCompletion[1], 1, TimeSpan.Zero)));

        _engine.OnReap = null;
        _context.SubmitAll([.. Slots(1)]);
        Assert.Single(_context.ReapAll(1));
    }

    private void Hold(int count)
    {
        _engine.OnOperation = (in _) => new OperationFault { Hold = true };
        _context.SubmitAll([.. Slots(count)]);
    }

    private IEnumerable<IoRequest> Slots(int count) =>
        Enumerable.Range(0, count).Select(slot => Io.Read(slot, _file, _rig.Buffer()));

    private int[] Reap()
    {
        var completions = new IoCompletion[8];
        var count = _context.Reap(completions, 0, TimeSpan.Zero);
        return [.. completions[..count].Select(completion => completion.Slot)];
    }
}
