using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary>
/// What differs between the architectures: system call numbers and the values of some flags of open(2). Sources:
/// <c>arch/x86/entry/syscalls/syscall_64.tbl</c>, <c>include/uapi/asm-generic/unistd.h</c>, <c>asm/fcntl.h</c>.
/// </summary>
internal sealed record SyscallTable
{
    public required int IoSetup { get; init; }

    public required int IoDestroy { get; init; }

    public required int IoSubmit { get; init; }

    public required int IoCancel { get; init; }

    public required int IoGetEvents { get; init; }

    public required int IoPGetEvents { get; init; }

    public required int Statx { get; init; }

    public required int Futex { get; init; }

    public required int ODirect { get; init; }

    public required int ODirectory { get; init; }

    public required int ONoFollow { get; init; }

    /// <summary>x86-64.</summary>
    public static SyscallTable X64 { get; } = new()
    {
        IoSetup = 206,
        IoDestroy = 207,
        IoGetEvents = 208,
        IoSubmit = 209,
        IoCancel = 210,
        IoPGetEvents = 333,
        Statx = 332,
        Futex = 202,
        ODirect = 0x4000,
        ODirectory = 0x10000,
        ONoFollow = 0x20000,
    };

    /// <summary>arm64.</summary>
    public static SyscallTable Arm64 { get; } = new()
    {
        IoSetup = 0,
        IoDestroy = 1,
        IoSubmit = 2,
        IoCancel = 3,
        IoGetEvents = 4,
        IoPGetEvents = 292,
        Statx = 291,
        Futex = 98,
        ODirect = 0x10000,
        ODirectory = 0x4000,
        ONoFollow = 0x8000,
    };

    // In a process's runtimeconfig.json: Linux is taken for a platform that we do not know. For tests.
    private const string PortableSwitch = "AkkaAio.Portable";

    private static readonly bool IsLinux =
        OperatingSystem.IsLinux() && !(AppContext.TryGetSwitch(PortableSwitch, out var isPortable) && isPortable);

    /// <summary>The table of the machine that we run on.</summary>
    /// <exception cref="PlatformNotSupportedException">Not Linux, or neither x86-64 nor arm64.</exception>
    public static SyscallTable Current => For(IsLinux, RuntimeInformation.ProcessArchitecture);

    /// <summary>Whether there is a table for the machine that we run on.</summary>
    public static bool IsSupported =>
        IsLinux && RuntimeInformation.ProcessArchitecture is (Architecture.X64 or Architecture.Arm64);

    /// <summary>Called by every entry point before the first system call: a static initializer would wrap the exception.</summary>
    public static void EnsureSupported() => _ = Current;

    public static SyscallTable For(bool isLinux, Architecture architecture) => (isLinux, architecture) switch
    {
        (true, Architecture.X64) => X64,
        (true, Architecture.Arm64) => Arm64,
        (true, _) => throw new PlatformNotSupportedException(
            $"Linux AIO is supported on x86-64 and arm64, and this process runs as {architecture}."),
        _ => throw new PlatformNotSupportedException(
            $"Linux AIO needs Linux, and this is {RuntimeInformation.OSDescription}."),
    };
}
