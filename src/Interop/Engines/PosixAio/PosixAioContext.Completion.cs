using System.Diagnostics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.PosixAio;

// aio_suspend waits for the operations that it is given and for no later ones. So one is always among them that ends when the reaper must
// look again, for a Wake or for what was submitted meanwhile: a read of an eventfd.
public sealed unsafe partial class PosixAioContext
{
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

        var endless = timeout == Timeout.InfiniteTimeSpan;
        var start = endless ? 0 : Stopwatch.GetTimestamp();
        var left = timeout;
        while (true)
        {
            var goOn = Wait(endless ? null : left);
            written += Take(completions[written..]);
            if (!goOn || written >= minNr)
            {
                return written;
            }

            left = endless ? left : timeout - Stopwatch.GetElapsedTime(start);
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

    /// <returns>False when the time is over, a signal came or Wake was called.</returns>
    private bool Wait(TimeSpan? timeout)
    {
        Volatile.Write(ref _waiting, 1);
        Interlocked.MemoryBarrier();
        var count = 0;
        _list[count++] = _wakeBlock;
        for (var slot = 0; slot < Depth; slot++)
        {
            if (Volatile.Read(ref _states[slot]) != State.Free)
            {
                _list[count++] = _blocks + slot;
            }
        }

        var timespec = Timespec.From(timeout ?? TimeSpan.Zero);
        var result = _library.Suspend(_list, count, timeout is null ? null : &timespec);
        var errno = result == 0 ? Errno.None : (Errno)Marshal.GetLastSystemError();
        Volatile.Write(ref _waiting, 0);
        if (errno is not (Errno.None or Errno.EAGAIN or Errno.EINTR))
        {
            throw new AioSystemException(errno, "aio_suspend");
        }

        return !IsWoken() && errno == Errno.None;
    }

    private bool IsWoken()
    {
        if (_library.Error(_wakeBlock) == PosixAioLibrary.EInProgress)
        {
            return false;
        }

        // Without it nothing could wake the next wait, which might be for ever.
        var errno = AwaitWake();
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, "aio_read");
        }

        // Cleared only now: a Wake that found the flag set meant this wait, which ends.
        return Interlocked.Exchange(ref _wakeRequested, 0) != 0;
    }

    private Errno AwaitWake()
    {
        *_wakeBlock = Aiocb.Prep(_wake.Descriptor, (nint)_wakeBuffer, sizeof(ulong), 0);
        return _library.Read(_wakeBlock) == 0 ? Errno.None : (Errno)Marshal.GetLastSystemError();
    }

    private int Take(Span<IoCompletion> completions)
    {
        var count = 0;
        for (var slot = 0; slot < Depth && count < completions.Length; slot++)
        {
            if (Volatile.Read(ref _states[slot]) != State.Free && TryComplete(slot, out var result))
            {
                Volatile.Write(ref _states[slot], State.Free);
                completions[count++] = new IoCompletion(slot, result);
            }
        }

        return count;
    }

    private bool TryComplete(int slot, out long result)
    {
        var block = _blocks + slot;
        var errno = _library.Error(block);
        if (errno == PosixAioLibrary.EInProgress)
        {
            result = 0;
            return false;
        }

        result = errno == 0 ? _library.Return(block) : -errno;
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
        if (_library.DataSync(block) == 0)
        {
            return true;
        }

        // glibc has no memory for it. The data is written: better a reaper that blocks than an error that is none.
        var errno = FileSyscalls.DataSync(descriptor);
        result = errno == Errno.None ? result : -(long)errno;
        return false;
    }
}
