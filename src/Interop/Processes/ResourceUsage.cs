using System.Diagnostics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Processes;

/// <summary>What this process has used so far, all threads together, those that have ended too: getrusage(2) on Linux.</summary>
/// <param name="User">CPU time in user mode.</param>
/// <param name="System">CPU time in the kernel.</param>
/// <param name="ContextSwitches">Voluntary and involuntary ones; 0 elsewhere than on Linux.</param>
public readonly record struct ResourceUsage(TimeSpan User, TimeSpan System, long ContextSwitches)
{
    private const int RUsageSelf = 0;

    /// <summary>Asks the kernel.</summary>
    /// <exception cref="AioSystemException">It refuses.</exception>
    public static ResourceUsage Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            using var process = Process.GetCurrentProcess();
            return new ResourceUsage(process.UserProcessorTime, process.PrivilegedProcessorTime, ContextSwitches: 0);
        }

        return RUsage.Get(RUsageSelf, out var usage) == 0
            ? new ResourceUsage(
                usage.UserTime, usage.SystemTime, usage.VoluntaryContextSwitches + usage.InvoluntaryContextSwitches)
            : throw new AioSystemException((Errno)Marshal.GetLastPInvokeError(), "getrusage");
    }
}
