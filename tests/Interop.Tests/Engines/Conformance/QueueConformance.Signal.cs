using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.PosixAio;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Interop.Tests;

// Completions that an eventfd tells of: every engine's but posix-aio's, which is refused with reap.wait = epoll.
public abstract partial class QueueConformance
{
    private const long Key = 7;

    [Fact]
    public async Task One_who_waits_for_the_signal_alone_gets_every_completion()
    {
        using var set = new EpollSet();
        if (!TrySignal(set, out var signal))
        {
            return;
        }

        for (var round = 0; round < 50; round++)
        {
            SubmitFirst(Depth);
            Assert.Equal(Enumerable.Range(0, Depth), (await Bounded.Run(() => TakeBySignal(set, signal, Depth))).Order());
        }

        set.Remove(signal);
    }

    [Fact]
    public async Task A_counter_at_its_end_is_a_signal_and_can_be_cleared()
    {
        using var set = new EpollSet();
        if (!TrySignal(set, out var signal))
        {
            return;
        }

        signal.Add(ulong.MaxValue - 1);
        SubmitFirst(Depth);
        Assert.Equal(Depth, (await Bounded.Run(() => TakeBySignal(set, signal, Depth))).Count);
        signal.Clear(); // a last completion may have signalled after the clear that saw it
        SubmitFirst(1);
        Assert.Single(await Bounded.Run(() => TakeBySignal(set, signal, 1)));
        set.Remove(signal);
    }

    [Fact]
    public async Task A_wake_ends_the_wait_for_all()
    {
        using var set = new EpollSet();
        var wait = new BlockedCall<int>(() => set.Wait(new long[1]));
        await wait.UntilAsleep();
        set.Wake();
        Assert.Equal(0, await wait.Result);
    }

    private bool TrySignal(EpollSet set, out EventFd signal)
    {
        var completed = signal = Rig.Signal();
        if (_context is PosixAioContext)
        {
            Assert.Throws<NotSupportedException>(() => _context.SignalTo(completed));
            return false;
        }

        set.Add(signal, Key);
        _context.SignalTo(signal);
        return true;
    }

    private List<int> TakeBySignal(EpollSet set, EventFd signal, int count)
    {
        var slots = new List<int>();
        var (keys, completions) = (new long[4], new IoCompletion[3]);
        while (slots.Count < count)
        {
            Assert.All(keys[..set.Wait(keys)], key => Assert.Equal(Key, key));
            signal.Clear();
            for (int taken; (taken = _context.Reap(completions, 0, TimeSpan.Zero)) > 0;)
            {
                slots.AddRange(completions[..taken].Select(completion => completion.Slot));
            }
        }

        return slots;
    }
}
