using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AkkaAio.Demo.Benching;

/// <summary>What this process has used so far, all threads together, those that have ended too: getrusage(2) on Linux.</summary>
/// <param name="User">CPU time in user mode.</param>
/// <param name="System">CPU time in the kernel.</param>
/// <param name="ContextSwitches">Voluntary and involuntary ones; 0 elsewhere than on Linux.</param>
internal readonly record struct ResourceUsage(TimeSpan User, TimeSpan System, long ContextSwitches)
{
    private const int RUsageSelf = 0;

    // struct rusage in longs, the same on x86-64 and arm64: two timevals (seconds, microseconds), then 14 numbers.
    private const int RUsageLength = 18;
    private const int Voluntary = 16;
    private const int Involuntary = 17;

    /// <summary>Asks the kernel.</summary>
    /// <exception cref="AioSystemException">It refuses.</exception>
    public static ResourceUsage Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            using var process = Process.GetCurrentProcess();
            return new ResourceUsage(process.UserProcessorTime, process.PrivilegedProcessorTime, ContextSwitches: 0);
        }

        var usage = new long[RUsageLength];
        return GetRUsage(RUsageSelf, usage) == 0
            ? new ResourceUsage(TimeOf(usage[0], usage[1]), TimeOf(usage[2], usage[3]), usage[Voluntary] + usage[Involuntary])
            : throw new AioSystemException((Errno)Marshal.GetLastPInvokeError(), "getrusage");
    }

    private static TimeSpan TimeOf(long seconds, long microseconds) =>
        TimeSpan.FromSeconds(seconds) + TimeSpan.FromMicroseconds(microseconds);

    [DllImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    private static extern int GetRUsage(int who, [Out] long[] usage);
}
