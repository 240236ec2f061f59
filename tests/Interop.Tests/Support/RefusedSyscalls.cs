using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Tests;

/// <summary>
/// Lets the kernel refuse system calls of one thread, by a seccomp filter: prctl(2). A filter cannot be taken off again, so each has a
/// thread of its own.
/// </summary>
internal static class RefusedSyscalls
{
    public const uint IoUringSetup = 425;
    public const uint IoUringEnter = 426;

    private const int PrSetNoNewPrivs = 38;
    private const int PrSetSeccomp = 22;
    private const nint FilterMode = 2;

    // linux/bpf_common.h: BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET | BPF_K.
    private const ulong Load = 0x20;
    private const ulong JumpIfEqual = 0x15;
    private const ulong Return = 0x06;

    // struct seccomp_data: nr, arch, instruction_pointer, args[6].
    private const uint OffsetOfNumber = 0;
    private const uint OffsetOfSecondArgument = 24;

    private const uint ReturnErrno = 0x0005_0000;
    private const uint ReturnAllow = 0x7fff_0000;

    /// <summary>
    /// Runs <paramref name="call"/> on a thread on which this system call fails; skips the test where no filter can be had.
    /// </summary>
    /// <param name="number">The system call.</param>
    /// <param name="errno">What it fails with.</param>
    /// <param name="call">To run; the thread ends with it.</param>
    /// <param name="secondArgument">Only calls with this one fail; null: all.</param>
    public static T Refusing<T>(uint number, Errno errno, Func<T> call, uint? secondArgument = null)
    {
        ulong[] program = secondArgument is { } argument
            ?
            [
                Instruction(Load, OffsetOfNumber),
                Instruction(JumpIfEqual, number, whenFalse: 3),
                Instruction(Load, OffsetOfSecondArgument),
                Instruction(JumpIfEqual, argument, whenFalse: 1),
                Instruction(Return, ReturnErrno | (uint)errno),
                Instruction(Return, ReturnAllow),
            ]
            :
            [
                Instruction(Load, OffsetOfNumber),
                Instruction(JumpIfEqual, number, whenFalse: 1),
                Instruction(Return, ReturnErrno | (uint)errno),
                Instruction(Return, ReturnAllow),
            ];
        T result = default!;
        Exception? failure = null;
        string? whyNot = null;

        // Not a task: its continuations could run here too.
        var thread = new Thread(() =>
        {
            whyNot = Install(program);
            failure = whyNot is null ? Record.Exception(() => { result = call(); }) : null;
        });
        thread.Start();
        Assert.True(thread.Join(Bounded.Patience), "the call does not return");
        Skip.If(whyNot is not null, whyNot);
        return failure is null ? result : throw failure;
    }

    // struct sock_filter: code, jump when true, jump when false, k.
    private static ulong Instruction(ulong code, uint k, ulong whenFalse = 0) => code | (whenFalse << 24) | ((ulong)k << 32);

    private static string? Install(ulong[] program)
    {
        var filter = GCHandle.Alloc(program, GCHandleType.Pinned);
        try
        {
            // struct sock_fprog: the count in the first two of eight bytes, then the address.
            nint[] fprog = [program.Length, filter.AddrOfPinnedObject()];
            return PrCtl(PrSetNoNewPrivs, 1, 0, 0, 0) == 0 && PrCtl(PrSetSeccomp, FilterMode, fprog, 0, 0) == 0
                ? null
                : $"no seccomp filter here: {(Errno)Marshal.GetLastPInvokeError()}";
        }
        finally
        {
            filter.Free();
        }
    }

    [DllImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static extern int PrCtl(int option, nint a, nint b, nint c, nint d);

    [DllImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static extern int PrCtl(int option, nint a, nint[] b, nint c, nint d);
}
