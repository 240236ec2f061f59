using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.LinuxAio;

/// <summary>One <c>io_context_t</c> with its iocbs: the engine "linux-aio".</summary>
/// <remarks>
/// This file: set-up and end. <c>LinuxAioContext.Submission.cs</c>: io_submit. <c>LinuxAioContext.Completion.cs</c>: the ring,
/// io_getevents, Wake.
/// </remarks>
internal sealed unsafe partial class LinuxAioContext : IIoContext
{
    // One more operation than the depth, for Wake: without it a full context could not be woken.
    private const int ReservedForWake = 1;

    private readonly AioContextHandle _context;

    /// <summary>io_setup(2) for <paramref name="depth"/> operations.</summary>
    /// <param name="depth">Operations in flight.</param>
    /// <param name="userSpaceReap">Take events out of the ring without io_getevents where they are there already.</param>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    public LinuxAioContext(int depth, bool userSpaceReap = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        Depth = depth;
        _context = AioContextHandle.Setup(ReservationOf(depth));
        try
        {
            _events = new IoEvent[Math.Min(depth + ReservedForWake, 256)];
            _devNull = FileSyscalls.OpenDevNull();
            _iocbs = (Iocb*)NativeMemory.AllocZeroed((nuint)depth + 1, (nuint)sizeof(Iocb));
            _pointers = (Iocb**)NativeMemory.Alloc((nuint)depth, (nuint)sizeof(Iocb*));
        }
        catch
        {
            // Not the finalizer's: an idle process may never collect, and each further try would reserve as much again.
            Release();
            throw;
        }

        _ring = userSpaceReap ? AioRing.Of(_context.Context) : null;
        for (var i = 0; i < depth; i++)
        {
            _pointers[i] = _iocbs + i;
        }

        // A read of no bytes from /dev/null completes inside io_submit; IOCB_CMD_NOOP would be EINVAL.
        _wakeIocb = _iocbs + depth;
        *_wakeIocb = Iocb.PrepPRead((int)_devNull.DangerousGetHandle(), 0, 0, 0);
        _wakeIocb->Data = WakeData;
    }

    /// <inheritdoc/>
    public int Depth { get; }

    /// <summary>The kernel's name for it, for tests that take its events away.</summary>
    internal nint Id => _context.Context;

    /// <summary>What a context of this depth charges to <c>fs.aio-nr</c>.</summary>
    public static long ReservationOf(int depth) => (long)depth + ReservedForWake;

    /// <summary>io_destroy(2), which waits for what is in flight; takes some 30 ms. The memory of the iocbs goes after it.</summary>
    public void Dispose()
    {
        if (!_context.IsClosed)
        {
            Release();
        }
    }

    private void Release()
    {
        _context.Dispose();
        _devNull?.Dispose();
        NativeMemory.Free(_iocbs);
        NativeMemory.Free(_pointers);
    }
}
