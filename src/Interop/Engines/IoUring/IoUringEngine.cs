using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Engines.IoUring;

/// <summary>io_uring: io_uring_setup(2), io_uring_enter(2). Also for buffered files; not permitted everywhere.</summary>
internal sealed class IoUringEngine : IIoEngine
{
    /// <summary>The name in <c>akka.io.aio.engine</c>.</summary>
    public const string EngineName = "io-uring";

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <summary>True: what would block goes on in the kernel's own threads.</summary>
    public bool TakesBuffered => true;

    /// <summary>Null: the kernel's memory is the limit.</summary>
    public (long Free, long Max)? Capacity => null;

    /// <inheritdoc/>
    public long CapacityOf(int depth) => depth;

    /// <summary>Null when a request that does nothing goes through a small ring; else why not.</summary>
    public string? WhyUnavailable()
    {
        try
        {
            SyscallTable.EnsureSupported();
            using var context = new IoUringContext(1);
            var submitted = context.SubmitNop(0);
            return submitted.Error is Errno.None or Errno.EAGAIN
                ? null
                : $"io_uring_enter: {submitted.Error.Name()} ({submitted.Error.Text()}); {IoUringRemedy.For(submitted.Error)}";
        }
        catch (AioContextException e)
        {
            return e.Errno is Errno.EMFILE or Errno.ENFILE or Errno.EAGAIN ? null : e.Message; // passes
        }
        catch (PlatformNotSupportedException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public IIoContext CreateContext(int depth) => new IoUringContext(depth);

    /// <inheritdoc/>
    public IIoFile Open(string path, IoFileOptions options) => LinuxFile.Open(path, options);
}
