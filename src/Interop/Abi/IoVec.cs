using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary><c>struct iovec</c>: one buffer of several.</summary>
/// <param name="Base">Address.</param>
/// <param name="Length">Bytes.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IoVec(nint Base, nint Length)
{
    /// <summary>IOV_MAX: the kernel refuses more in one operation (EINVAL).</summary>
    public const int MaxCount = 1024;
}
