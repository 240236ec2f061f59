using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary><c>struct io_event</c> of <c>linux/aio_abi.h</c>: one completion. 32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IoEvent
{
    /// <summary><c>data</c>: the <c>aio_data</c> of the request.</summary>
    public readonly ulong Data;

    /// <summary><c>obj</c>: the address that the iocb was submitted from.</summary>
    public readonly ulong Obj;

    /// <summary><c>res</c>: bytes transferred, or a negated errno.</summary>
    public readonly long Res;

    /// <summary><c>res2</c>: always 0 today.</summary>
    public readonly long Res2;
}

/// <summary><c>struct timespec</c> with 64-bit time, as both architectures have it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Timespec(long Seconds, long Nanoseconds)
{
    /// <summary>From a span of time; a negative one counts as 0, since the kernel waits without limit on a negative timespec.</summary>
    public static Timespec From(TimeSpan time)
    {
        var ticks = Math.Max(0, time.Ticks);
        return new(ticks / TimeSpan.TicksPerSecond, ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
    }
}
