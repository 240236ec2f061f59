using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary><c>struct aiocb64</c> of glibc's <c>aio.h</c> on 64-bit: an operation's request, and its result. 168 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 168)]
internal struct Aiocb
{
    // SIGEV_NONE: whoever wants to know asks.
    private const int SigEvNone = 1;

    [FieldOffset(0)]
    public int Descriptor;

    [FieldOffset(16)]
    public nint Buffer;

    [FieldOffset(24)]
    public nint Length;

    [FieldOffset(44)]
    public int SigEvNotify;

    [FieldOffset(128)]
    public long Offset;

    public static Aiocb Prep(int descriptor, nint buffer, int length, long offset) => new()
    {
        Descriptor = descriptor,
        Buffer = buffer,
        Length = length,
        SigEvNotify = SigEvNone,
        Offset = offset,
    };
}
