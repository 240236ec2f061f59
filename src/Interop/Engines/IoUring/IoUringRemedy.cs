namespace AkkaAio.Interop.Engines.IoUring;

/// <summary>What to change where the kernel refuses an io_uring.</summary>
internal static class IoUringRemedy
{
    public const string TooOld = "this kernel's io_uring has no IORING_OP_READ; it came with Linux 5.6";

    public static string For(Errno errno) => errno switch
    {
        Errno.EPERM or Errno.EACCES => Disabled(ReadDisabled()),
        Errno.ENOSYS => "this kernel is built without io_uring (CONFIG_IO_URING, Linux 5.6 or newer), or a seccomp profile hides it",
        Errno.ENOMEM => "not enough memory; lower akka.io.aio.depth, or before Linux 5.12 raise the limit of locked memory (ulimit -l)",
        Errno.EMFILE or Errno.ENFILE => "raise the limit of open files (ulimit -n)",
        _ => "lower akka.io.aio.depth",
    };

    /// <summary>The remedy for EPERM under this value of <c>kernel.io_uring_disabled</c>.</summary>
    public static string Disabled(string value) => value switch
    {
        "1" => "kernel.io_uring_disabled is 1 (for CAP_SYS_ADMIN and the members of kernel.io_uring_group only); " +
               "switch it on with: sysctl -w kernel.io_uring_disabled=0",
        "2" => "kernel.io_uring_disabled is 2 (for nobody); switch it on with: sysctl -w kernel.io_uring_disabled=0",
        _ => "a seccomp profile forbids it; allow io_uring_setup and io_uring_enter",
    };

    // Kernels before 6.6 have no such switch.
    private static string ReadDisabled()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/io_uring_disabled").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
