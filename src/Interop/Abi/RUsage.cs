using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary><c>struct rusage</c> of getrusage(2), the same on x86-64 and arm64.</summary>
[StructLayout(LayoutKind.Explicit, Size = 144)]
internal readonly partial struct RUsage
{
    [FieldOffset(0)]
    private readonly long _userSeconds;

    [FieldOffset(8)]
    private readonly long _userMicroseconds;

    [FieldOffset(16)]
    private readonly long _systemSeconds;

    [FieldOffset(24)]
    private readonly long _systemMicroseconds;

    [FieldOffset(128)]
    private readonly long _voluntary;

    [FieldOffset(136)]
    private readonly long _involuntary;

    public TimeSpan UserTime => TimeSpan.FromSeconds(_userSeconds) + TimeSpan.FromMicroseconds(_userMicroseconds);

    public TimeSpan SystemTime =>
        TimeSpan.FromSeconds(_systemSeconds) + TimeSpan.FromMicroseconds(_systemMicroseconds);

    public long VoluntaryContextSwitches => _voluntary;

    public long InvoluntaryContextSwitches => _involuntary;

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    internal static partial int Get(int who, out RUsage usage);
}
