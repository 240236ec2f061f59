using System.Diagnostics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Interop.Engines.PosixAio;

// aio_suspend waits for the operations that it is given and for no later ones. So one is always among them that ends when the reaper must
// look again, for a Wake or for what was submitted meanwhile: a read of an eventfd.
internal sealed unsafe partial class PosixAioContext
{
    // How often every operation is asked for, and not the next of each file alone. glibc keeps to the order that DescriptorQueues has, but
    // the next part of one may stand elsewhere there, where another thread submitted at the same moment. Also the most that one is held up
    // by those behind it.
    private static readonly TimeSpan LookAtAllAfter = TimeSpan.FromMilliseconds(5);

    // Of a file where many wait a few are awaited together: glibc's one thread for the file wakes the reaper after each operation that is
    // awaited, before it begins the next. Awaited one by one, depth 128: 0.90 of fio's IOPS, and 40 µs of CPU instead of 25.
    private const int MostAwaited = 4;
    private const int AwaitedShare = 8;

    private readonly DescriptorQueues _queues;
    private long _seen;
    private long _lookedAtAll;

    // Blocks that were found done, of which some go on with another part.
    private long _found;

    // Bytes written, by slot, while the sync after the write runs. The reaper's.
    private readonly nint[] _written;

    // The reaper is in aio_suspend, or about to be.
    private int _waiting;
    private int _wakeRequested;

    /// <inheritdoc/>
    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        if (minNr < 0 || minNr > completions.Length)
        {
            throw new AioSystemException(Errno.EINVAL, "aio_suspend"); // as io_getevents does
        }

        var written = Take(completions);
        if (written >= minNr)
        {
            return written;
        }

        var start = Stopwatch.GetTimestamp();
        var left = timeout;
        while (true)
        {
            var end = Wait(left == Timeout.InfiniteTimeSpan || left > LookAtAllAfter ? LookAtAllAfter : left);
            var found = _found;
            written += Take(completions[written..]);
            if (end == WaitEnd.Completion && _found == found)
            {
                written += Take(completions[written..], all: true); // not where it was looked for: the next wait would end at once, too
            }

            left = MonitorTime.Left(timeout, start);
            if (written >= minNr || end == WaitEnd.Woken || left == TimeSpan.Zero)
            {
                return written;
            }
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _wakeRequested, 1) == 0)
        {
            _wake.Signal();
        }
    }

    private enum WaitEnd
    {
        Completion,

        /// <summary>The time is over, or something was submitted meanwhile.</summary>
        Look,

        /// <summary>Wake was called, or a signal came.</summary>
        Woken,
    }

    private WaitEnd Wait(TimeSpan timeout)
    {
        Volatile.Write(ref _waiting, 1);
        Interlocked.MemoryBarrier();
        QueueSubmitted();
        var count = 0;
        _list[count++] = _wakeBlock;
        for (var queue = 0; queue < _queues.Count; queue++)
        {
            _list[count++] = _blocks + Awaited(queue);
        }

        var timespec = Timespec.From(timeout);
        var result = _library.Suspend((nint)_list, count, (nint)(&timespec));
        var errno = result == 0 ? Errno.None : (Errno)Marshal.GetLastSystemError();
        Volatile.Write(ref _waiting, 0);
        if (errno is not (Errno.None or Errno.EAGAIN or Errno.EINTR))
        {
            throw new AioSystemException(errno, "aio_suspend");
        }

        return errno == Errno.EAGAIN ? WaitEnd.Look
            : _library.Error((nint)_wakeBlock) != PosixAioLibrary.EInProgress ? TakeWake()
            : errno == Errno.EINTR ? WaitEnd.Woken
            : WaitEnd.Completion;
    }

    private int Awaited(int queue)
    {
        var slot = _queues.FirstOf(queue);
        for (var behind = Math.Min(MostAwaited, _queues.LengthOf(queue) / AwaitedShare) - 1; behind > 0; behind--)
        {
            slot = _queues.After(slot);
        }

        return slot;
    }

    private WaitEnd TakeWake()
    {
        // Without it nothing could wake the next wait, which might be for ever.
        var errno = AwaitWake();
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, "aio_read");
        }

        // Cleared only now: a Wake that found the flag set meant this wait, which ends.
        return Interlocked.Exchange(ref _wakeRequested, 0) != 0 ? WaitEnd.Woken : WaitEnd.Look;
    }

    private Errno AwaitWake()
    {
        *_wakeBlock = Aiocb.Prep(_wake.Descriptor, (nint)_wakeBuffer, sizeof(ulong), 0);
        return _library.Read((nint)_wakeBlock) == 0 ? Errno.None : (Errno)Marshal.GetLastSystemError();
    }

    // Of each file the first, and what follows, until one is not done; or all of them.
    private int Take(Span<IoCompletion> completions) =>
        Take(completions, all: Stopwatch.GetElapsedTime(_lookedAtAll) >= LookAtAllAfter);

    private int Take(Span<IoCompletion> completions, bool all)
    {
        QueueSubmitted();
        _lookedAtAll = all ? Stopwatch.GetTimestamp() : _lookedAtAll;
        var count = 0;
        for (var queue = _queues.Count - 1; queue >= 0; queue--)
        {
            count += TakeOf(queue, completions[count..], all);
        }

        return count;
    }

    private int TakeOf(int queue, Span<IoCompletion> completions, bool all)
    {
        var count = 0;
        var (before, last) = (-1, _queues.LastOf(queue));
        for (int slot = _queues.FirstOf(queue), next; count < completions.Length; slot = next)
        {
            next = _queues.After(slot);
            var block = _blocks + slot;
            var errno = _library.Error((nint)block);
            if (errno != PosixAioLibrary.EInProgress)
            {
                _found++;
                _queues.Remove(queue, before, slot);
                if (TryComplete(slot, errno, out var result))
                {
                    Volatile.Write(ref _states[slot], State.Free);
                    completions[count++] = new IoCompletion(slot, result);
                }
                else
                {
                    _queues.Add(slot, block->Descriptor); // its next part is behind all others now
                }
            }
            else if (all)
            {
                before = slot;
            }
            else
            {
                break;
            }

            if (slot == last)
            {
                break;
            }
        }

        return count;
    }

    private void QueueSubmitted()
    {
        for (var submitted = Volatile.Read(ref _submitted); _seen < submitted; _seen++)
        {
            var slot = _order[_seen & (_order.Length - 1)];
            _queues.Add(slot, _blocks[slot].Descriptor);
        }
    }

    // False: another part of it is in flight.
    private bool TryComplete(int slot, int errno, out long result)
    {
        result = errno == 0 ? _library.Return((nint)(_blocks + slot)) : -errno;
        switch (_states[slot])
        {
            case State.Vectored when errno == 0:
                return !TryGoOn(slot, ref result);
            case State.WriteBeforeSync when errno == 0:
                _written[slot] = (nint)result;
                return !TrySync(slot, ref result);
            case State.SyncAfterWrite when errno == 0:
                result = _written[slot];
                return true;
            default:
                return true;
        }
    }

    /// <returns>True when the sync is in flight; false when it has been done here, with its result.</returns>
    private bool TrySync(int slot, ref long result)
    {
        var block = _blocks + slot;
        var descriptor = block->Descriptor;
        *block = Aiocb.Prep(descriptor, 0, 0, 0);
        _states[slot] = State.SyncAfterWrite;
        if (_library.DataSync((nint)block) == 0)
        {
            return true;
        }

        // glibc has no memory for it. The data is written: better a reaper that blocks than an error that is none.
        var errno = FileSyscalls.DataSync(descriptor);
        result = errno == Errno.None ? result : -(long)errno;
        return false;
    }
}
