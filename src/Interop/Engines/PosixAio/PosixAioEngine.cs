using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Engines.PosixAio;

/// <summary>
/// POSIX AIO as glibc has it: blocking calls on glibc's own threads, one file's operations after each other. Works where the kernel
/// offers nothing, and is there to compare with.
/// </summary>
internal sealed class PosixAioEngine : IIoEngine
{
    /// <summary>The name in <c>akka.io.aio.engine</c>.</summary>
    public const string EngineName = "posix-aio";

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <summary>True: glibc's threads block, not the submitter.</summary>
    public bool TakesBuffered => true;

    /// <summary>Null: no limit of the machine concerns it.</summary>
    public (long Free, long Max)? Capacity => null;

    /// <inheritdoc/>
    public long CapacityOf(int depth) => depth;

    /// <summary>Null where glibc has POSIX AIO and starts its threads; else why not.</summary>
    public string? WhyUnavailable()
    {
        try
        {
            SyscallTable.EnsureSupported();
            new PosixAioContext(1).Dispose();
            return null;
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
    public IIoContext CreateContext(int depth) => new PosixAioContext(depth);

    /// <inheritdoc/>
    public IIoFile Open(string path, IoFileOptions options) => LinuxFile.Open(path, options);
}
