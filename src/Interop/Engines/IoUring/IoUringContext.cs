using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.IoUring;

/// <summary>One io_uring: the engine "io-uring".</summary>
/// <remarks>
/// This file: set-up and end. <c>IoUringContext.Submission.cs</c>: the submission queue. <c>IoUringContext.Completion.cs</c>: the
/// completion queue, the wait, Wake. The kernel ties operations to the thread that submitted them: when it exits, what it has in flight
/// may complete with ECANCELED.
/// </remarks>
internal sealed unsafe partial class IoUringContext : IIoContext
{
    private readonly IoUringRing _ring;
    private readonly EventFd _wake;

    /// <summary>io_uring_setup(2) for <paramref name="depth"/> operations.</summary>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    public IoUringContext(int depth)
        : this(depth, singleMmap: true)
    {
    }

    internal IoUringContext(int depth, bool singleMmap)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        Depth = depth;
        _ring = IoUringRing.Setup(depth, singleMmap);
        try
        {
            _wake = new EventFd(blocking: false);
        }
        catch
        {
            _ring.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int Depth { get; }

    /// <inheritdoc/>
    public void SignalTo(EventFd completed)
    {
        ArgumentNullException.ThrowIfNull(completed);
        if (IoUringSyscalls.RegisterEventFd(_ring.Descriptor, completed.Descriptor) < 0)
        {
            throw new AioContextException(
                (Errno)Marshal.GetLastPInvokeError(), "io_uring_register", "leave akka.io.aio.reap.wait at getevents");
        }
    }

    /// <summary>
    /// Waits for what is in flight, then unmaps and closes the ring. Closing alone would not wait, and the kernel would go on using the
    /// callers' memory.
    /// </summary>
    public void Dispose()
    {
        if (_ring.IsClosed)
        {
            return;
        }

        Drain();
        _ring.Dispose();
        _wake.Dispose();
    }
}
