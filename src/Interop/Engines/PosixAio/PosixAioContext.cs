using System.Numerics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.PosixAio;

/// <summary>Control blocks of glibc's POSIX AIO, one a slot: the engine "posix-aio".</summary>
/// <remarks>
/// This file: set-up and end. <c>PosixAioContext.Submission.cs</c>: aio_read, aio_write, aio_fsync.
/// <c>PosixAioContext.Completion.cs</c>: aio_suspend, aio_return, Wake. <c>PosixAioContext.Vectored.cs</c>: many buffers.
/// </remarks>
internal sealed unsafe partial class PosixAioContext : IIoContext
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

    // One for each slot. Set by the submitter, moved on by the reaper.
    private readonly Vectored* _vectored;
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
        _states = new int[depth];
        _order = new int[BitOperations.RoundUpToPowerOf2((uint)depth)];
        _queues = new DescriptorQueues(depth);
        _written = new nint[depth];
        _blocks = (Aiocb*)NativeMemory.AllocZeroed((nuint)depth + 1, (nuint)sizeof(Aiocb));
        _wakeBlock = _blocks + depth;
        _list = (Aiocb**)NativeMemory.Alloc((nuint)depth + 1, (nuint)sizeof(Aiocb*));
        _wakeBuffer = (ulong*)NativeMemory.AllocZeroed(sizeof(ulong));
        _vectored = (Vectored*)NativeMemory.AllocZeroed((nuint)depth, (nuint)sizeof(Vectored));
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

    /// <summary>Waits for what is in flight; the control blocks go after it.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        for (var slot = 0; slot < Depth; slot++)
        {
            if (_states[slot] != State.Free)
            {
                WaitFor(_blocks + slot);
            }
        }

        _wake.Signal();
        WaitFor(_wakeBlock);
        _wake.Dispose();
        Free();
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
        NativeMemory.Free(_vectored);
        Interlocked.Decrement(ref s_contexts);
    }

    /// <summary>What a slot's control block is doing. Set by the submitter, moved on by the reaper; numbers, as Volatile takes no enums.</summary>
    private static class State
    {
        public const int Free = 0;
        public const int InFlight = 1;

        /// <summary>A write that must be followed by a sync.</summary>
        public const int WriteBeforeSync = 2;

        /// <summary>The sync that follows a write.</summary>
        public const int SyncAfterWrite = 3;

        /// <summary>One of the buffers of a vectored operation; the others follow.</summary>
        public const int Vectored = 4;
    }
}
