using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary>futex(2), for threads of one process.</summary>
internal static unsafe partial class FutexSyscalls
{
    private const int WaitPrivate = 0 | 128;
    private const int WakePrivate = 1 | 128;

    private static readonly nint Number = SyscallTable.Current.Futex;

    /// <summary>
    /// Sleeps while *address is <paramref name="expected"/>, until a <see cref="Wake"/>, a signal or the end of the time; null: without
    /// end.
    /// </summary>
    public static nint Wait(int* address, int expected, Timespec* timeout) =>
        Syscall(Number, (nint)address, WaitPrivate, expected, (nint)timeout);

    /// <summary>Wakes up to this many threads that sleep on the address.</summary>
    public static nint Wake(int* address, int count) => Syscall(Number, (nint)address, WakePrivate, count, 0);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, nint address, nint operation, nint value, nint timeout);
}
