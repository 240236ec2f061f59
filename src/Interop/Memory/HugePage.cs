using System.Runtime.InteropServices;

namespace AkkaAio;

/// <summary>
/// Memory in huge pages. Direct I/O costs the kernel a step for each page of the buffer: reads of 256 KiB, four at once, came at 1.4 GiB/s
/// into pages of 4 KiB and at 2.6 into huge ones. Where the system has none (transparent_hugepage is never, or pages have other sizes) it
/// is memory as any other.
/// </summary>
internal static unsafe partial class HugePage
{
    /// <summary>Bytes: a huge page of x86-64, and of arm64 with pages of 4 KiB.</summary>
    public const int Size = 2 << 20;

    private const int ProtReadWrite = 1 | 2;
    private const int MapPrivateAnonymous = 2 | 0x20; // x86-64 and arm64
    private const int MadvHugePage = 14;

    /// <summary>
    /// Memory that starts at a multiple of <see cref="Size"/>, in huge pages. Not from malloc: it gives memory out again that already has
    /// small pages.
    /// </summary>
    /// <param name="size">Bytes; a multiple of a page.</param>
    /// <exception cref="InsufficientMemoryException">The system has none.</exception>
    public static nint Allocate(long size)
    {
        var mapped = Map(0, (nuint)size + Size, ProtReadWrite, MapPrivateAnonymous, -1, 0);
        if (mapped == -1)
        {
            throw new InsufficientMemoryException($"no memory for {size} bytes: mmap: errno {Marshal.GetLastPInvokeError()}");
        }

        var before = (Size - (mapped % Size)) % Size;
        if (before > 0)
        {
            _ = Unmap(mapped, (nuint)before);
        }

        var address = mapped + before;
        _ = Unmap(address + (nint)size, (nuint)(Size - before));
        _ = Advise(address, (nuint)size, MadvHugePage); // refused: small pages
        return address;
    }

    /// <summary>Gives it back to the system.</summary>
    public static void Free(nint address, long size) => _ = Unmap(address, (nuint)size);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
