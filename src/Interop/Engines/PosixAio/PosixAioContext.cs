using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Threading;

namespace AkkaAio.Interop.Engines.PosixAio;

/// <summary>
/// Control blocks of glibc's POSIX AIO, one a slot: the engine "posix-aio". Simple and not fast: it is there to compare with.
/// </summary>
/// <remarks>
/// <para>aio_suspend waits for the operations that it is given and for no later ones. So a read of an eventfd is always among them, which
/// ends when the reaper must look again: for a Wake, or for what was submitted meanwhile.</para>
/// <para>One call for each request, not lio_listio for the batch: that one goes on behind a request that it could not take, and can report
/// EAGAIN although it took all.</para>
/// <para>glibc has neither vectored operations nor RWF_DSYNC: one step follows the other in the slot's control block. Not all buffers at
/// once, since of what lies behind a short transfer nothing may be moved.</para>
/// </remarks>
internal sealed unsafe class PosixAioContext : IIoContext
{
    /// <summary>The most that a context takes: aio_suspend has 56 bytes of the reaper's stack for each operation in flight.</summary>
    public const int MaxDepth = 4096;

    private static int s_contexts;

    private readonly PosixAioLibrary _library;
    private readonly EventFd _wake;

    // One for each slot, then that of the wake; glibc keeps their addresses until they complete.
    private readonly Aiocb* _blocks;
    private readonly Aiocb* _wakeBlock;
    private readonly Aiocb** _list;
    private readonly ulong* _wakeBuffer;

    // By slot. The submitter's until it is in flight, then the reaper's.
    private readonly Steps[] _steps;

    private readonly ConcurrentQueue<int> _submitted = new();
    private readonly List<int> _inFlight = []; // slots; the reaper's

    // The reaper is in aio_suspend, or about to be.
    private int _waiting;
    private int _wakeRequested;
    private bool _disposed;

    /// <summary>A context for <paramref name="depth"/> operations.</summary>
    /// <exception cref="AioContextException">There is no glibc, or a limit is reached; says what to change.</exception>
    public PosixAioContext(int depth)
        : this(depth, PosixAioLibrary.Current)
    {
    }

    internal PosixAioContext(int depth, (PosixAioLibrary? Library, string? WhyNot) glibc)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        var operation = $"POSIX AIO context for {depth} operations";
        _library = glibc.Library ?? throw new AioContextException(Errno.ENOSYS, operation, glibc.WhyNot!);
        if (depth > MaxDepth)
        {
            throw new AioContextException(Errno.EINVAL, operation, $"lower akka.io.aio.depth to {MaxDepth} at most");
        }

        if (Interlocked.Increment(ref s_contexts) > PosixAioLibrary.MaxContexts)
        {
            Interlocked.Decrement(ref s_contexts);
            throw new AioContextException(
                Errno.EAGAIN, operation,
                $"a process may have {PosixAioLibrary.MaxContexts}, since each keeps one of glibc's threads; lower akka.io.aio.shards");
        }

        Depth = depth;
        _steps = new Steps[depth];
        _blocks = (Aiocb*)NativeMemory.AllocZeroed((nuint)depth + 1, (nuint)sizeof(Aiocb));
        _wakeBlock = _blocks + depth;
        _list = (Aiocb**)NativeMemory.Alloc((nuint)depth + 1, (nuint)sizeof(Aiocb*));
        _wakeBuffer = (ulong*)NativeMemory.AllocZeroed(sizeof(ulong));
        try
        {
            _wake = new EventFd(blocking: true);
            var errno = AwaitWake();
            if (errno != Errno.None)
            {
                throw new AioContextException(errno, operation, "raise the limit of threads (ulimit -u, the cgroup's pids.max)");
            }
        }
        catch
        {
            _wake?.Dispose();
            Free();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Depth { get; }

    /// <summary>Not possible: the start of a system with <c>reap.wait = epoll</c> refuses this engine.</summary>
    public void SignalTo(EventFd completed) => throw new NotSupportedException("glibc tells no eventfd of a completion");

    /// <inheritdoc/>
    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(requests.Length, Depth);
        foreach (ref readonly var request in requests)
        {
            // Before the first one is in flight: an exception has no count of those that are.
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)request.Opcode, (uint)IoOpcode.DataSync, nameof(requests));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)request.Slot, (uint)Depth, nameof(requests));
        }

        var (accepted, errno) = (0, Errno.None);
        while (accepted < requests.Length && (errno = Submit(requests[accepted])) == Errno.None)
        {
            accepted++;
        }

        // Dekker's handshake with a reaper that is about to sleep: it sees these operations, or we see it and let it look again.
        Interlocked.MemoryBarrier();
        if (accepted > 0 && Volatile.Read(ref _waiting) != 0 && Interlocked.Exchange(ref _waiting, 0) != 0)
        {
            _wake.Signal();
        }

        return new IoSubmitResult(accepted, accepted == 0 ? errno : Errno.None);
    }

    /// <inheritdoc/>
    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        if (minNr < 0 || minNr > completions.Length)
        {
            throw new AioSystemException(Errno.EINVAL, "aio_suspend"); // as io_getevents does
        }

        var written = Take(completions);
        var start = Stopwatch.GetTimestamp();
        for (var left = timeout; written < minNr; left = MonitorTime.Left(timeout, start))
        {
            var isWoken = Wait(left);
            written += Take(completions[written..]);
            if (isWoken || left == TimeSpan.Zero)
            {
                break;
            }
        }

        return written;
    }

    /// <inheritdoc/>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _wakeRequested, 1) == 0)
        {
            _wake.Signal();
        }
    }

    /// <summary>Waits for what is in flight; the control blocks go after it.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        TakeSubmitted();
        _inFlight.ForEach(slot => WaitFor(_blocks + slot));
        _wake.Signal();
        WaitFor(_wakeBlock);
        _wake.Dispose();
        Free();
    }

    private Errno Submit(in IoRequest request)
    {
        if (!request.IsPossible)
        {
            return Errno.EINVAL;
        }

        if ((request.Flags & ~RwFlags.DSync) != RwFlags.None)
        {
            return Errno.EOPNOTSUPP;
        }

        _steps[request.Slot] = new Steps { Request = request };
        var errno = Start(request.Slot);
        if (errno == Errno.None)
        {
            _submitted.Enqueue(request.Slot);
        }

        return errno;
    }

    // Puts the step that is next in flight.
    private Errno Start(int slot)
    {
        ref var steps = ref _steps[slot];
        var block = _blocks + slot;
        *block = steps.Next();
        var result = steps.IsSync ? _library.DataSync((nint)block)
            : steps.Request.Opcode == IoOpcode.Write ? _library.Write((nint)block)
            : _library.Read((nint)block);
        return result == 0 ? Errno.None : (Errno)Marshal.GetLastSystemError();
    }

    private int Take(Span<IoCompletion> completions)
    {
        TakeSubmitted();
        var count = 0;
        for (var i = 0; i < _inFlight.Count && count < completions.Length;)
        {
            var slot = _inFlight[i];
            var errno = _library.Error((nint)(_blocks + slot));
            if (errno == PosixAioLibrary.EInProgress || !TryComplete(slot, errno, out var result))
            {
                i++;
                continue;
            }

            _inFlight.RemoveAt(i);
            completions[count++] = new IoCompletion(slot, result);
        }

        return count;
    }

    // False: another step is in flight.
    private bool TryComplete(int slot, int errno, out long result)
    {
        ref var steps = ref _steps[slot];
        var block = _blocks + slot;
        result = errno == 0 ? _library.Return((nint)block) : -errno;
        while (result >= 0 && steps.TryGoOn(result, (long)block->Length))
        {
            if (Start(slot) == Errno.None)
            {
                return false;
            }

            // glibc has no memory for it. What came before is done: better a reaper that blocks than an error that is none.
            result = DoBlocking(*block, steps);
        }

        result = result < 0 ? result : steps.Done;
        return true;
    }

    private static long DoBlocking(in Aiocb block, in Steps steps)
    {
        var count = 0;
        var memory = new Span<byte>((void*)block.Buffer, (int)block.Length);
        var errno = steps.IsSync ? FileSyscalls.DataSync(block.Descriptor)
            : steps.Request.Opcode == IoOpcode.Write
                ? FileSyscalls.Write(block.Descriptor, memory, block.Offset, RwFlags.None, out count)
                : FileSyscalls.Read(block.Descriptor, memory, block.Offset, out count);
        return errno == Errno.None ? count : -(long)errno;
    }

    // True: Wake was called, or a signal came.
    private bool Wait(TimeSpan timeout)
    {
        Volatile.Write(ref _waiting, 1);
        Interlocked.MemoryBarrier();
        TakeSubmitted();
        var count = 0;
        _list[count++] = _wakeBlock;
        foreach (var slot in _inFlight)
        {
            _list[count++] = _blocks + slot;
        }

        var timespec = Timespec.From(timeout);
        var result = _library.Suspend((nint)_list, count, timeout == Timeout.InfiniteTimeSpan ? 0 : (nint)(&timespec));
        var errno = result == 0 ? Errno.None : (Errno)Marshal.GetLastSystemError();
        Volatile.Write(ref _waiting, 0);
        if (errno is not (Errno.None or Errno.EAGAIN or Errno.EINTR))
        {
            throw new AioSystemException(errno, "aio_suspend");
        }

        if (_library.Error((nint)_wakeBlock) == PosixAioLibrary.EInProgress)
        {
            return errno == Errno.EINTR;
        }

        // Without it nothing could wake the next wait, which may have no time-out.
        errno = AwaitWake();
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, "aio_read");
        }

        // Cleared only now: a Wake that found the flag set meant this wait, which ends.
        return Interlocked.Exchange(ref _wakeRequested, 0) != 0;
    }

    private void TakeSubmitted()
    {
        while (_submitted.TryDequeue(out var slot))
        {
            _inFlight.Add(slot);
        }
    }

    private Errno AwaitWake()
    {
        *_wakeBlock = Aiocb.Prep(_wake.Descriptor, (nint)_wakeBuffer, sizeof(ulong), 0);
        return _library.Read((nint)_wakeBlock) == 0 ? Errno.None : (Errno)Marshal.GetLastSystemError();
    }

    private void WaitFor(Aiocb* block)
    {
        while (_library.Error((nint)block) == PosixAioLibrary.EInProgress)
        {
            _ = _library.Suspend((nint)(&block), 1, 0);
        }
    }

    private void Free()
    {
        NativeMemory.Free(_blocks);
        NativeMemory.Free(_list);
        NativeMemory.Free(_wakeBuffer);
        Interlocked.Decrement(ref s_contexts);
    }

    /// <summary>How far a request has come: its buffers one after the other, then the sync of a write with RWF_DSYNC.</summary>
    private struct Steps
    {
        private int _vector;
        private bool _syncs;

        public IoRequest Request { get; init; }

        /// <summary>Bytes moved by the steps that are over.</summary>
        public long Done { get; private set; }

        public readonly bool IsSync => _syncs || Request.Opcode == IoOpcode.DataSync;

        public readonly Aiocb Next()
        {
            if (IsSync)
            {
                return Aiocb.Prep(Request.Descriptor, 0, 0, 0);
            }

            var memory = Request.Vectors > 0 ? Request.GetVectors()[_vector] : new IoVec(Request.Buffer, Request.Length);
            return Aiocb.Prep(Request.Descriptor, memory.Base, (int)memory.Length, Request.Offset + Done);
        }

        /// <summary>Counts what a step of this length has moved. False: it was the last.</summary>
        public bool TryGoOn(long moved, long length)
        {
            if (IsSync)
            {
                return false;
            }

            Done += moved;
            if (moved == length && _vector + 1 < Request.Vectors)
            {
                _vector++;
                return true;
            }

            _syncs = Request is { Opcode: IoOpcode.Write, Flags: RwFlags.DSync };
            return _syncs;
        }
    }
}
