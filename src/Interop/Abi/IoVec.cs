using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary><c>struct iovec</c> of <c>linux/uio.h</c>: one of the buffers of a vectored operation. 16 bytes.</summary>
/// <param name="Base"><c>iov_base</c>: address of the first byte.</param>
/// <param name="Length"><c>iov_len</c>: bytes.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IoVec(nint Base, nint Length)
{
    /// <summary>The kernel's <c>UIO_MAXIOV</c>, POSIX's IOV_MAX: one more in an operation is EINVAL.</summary>
    public const int MaxCount = 1024;

    /// <summary>Bytes of one, on 64-bit.</summary>
    public const int Size = 16;

    internal unsafe Span<byte> AsSpan() => new((void*)Base, checked((int)Length));
}
