using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Abi;

/// <summary>eventfd(2): a counter in the kernel that a thread can wait for, beside other things.</summary>
internal sealed unsafe partial class EventFd : IDisposable
{
    private const int NonBlock = 0x800;
    private const int CloExec = 0x80000;

    private readonly SafeFileHandle _handle;

    /// <param name="blocking">Whether a read waits until there has been a <see cref="Signal"/>.</param>
    /// <exception cref="AioContextException">No descriptor is left.</exception>
    public EventFd(bool blocking)
    {
        var fd = Create(0, CloExec | (blocking ? 0 : NonBlock));
        if (fd < 0)
        {
            throw new AioContextException(
                (Errno)Marshal.GetLastPInvokeError(), "eventfd", "raise the limit of open files (ulimit -n)");
        }

        _handle = new SafeFileHandle(fd, ownsHandle: true);
    }

    public int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Makes it readable. From any thread.</summary>
    public void Signal()
    {
        // EAGAIN is the only failure: the counter is at its end, and so readable.
        var one = 1UL;
        _ = Write(Descriptor, &one, sizeof(ulong));
    }

    /// <summary>Takes all signals that there have been; not to be called on a blocking one.</summary>
    public void Clear()
    {
        ulong count;
        _ = Read(Descriptor, &count, sizeof(ulong));
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int Create(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int fd, void* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int fd, void* buffer, nint count);
}
