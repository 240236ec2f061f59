using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Files;

/// <summary>Whether this platform has a way around the page cache that we know.</summary>
public static class DirectIoSupport
{
    /// <summary>
    /// True on Linux (x86-64, arm64), where the file system still has its say. Elsewhere <see cref="DirectIo.Required"/> fails every open.
    /// </summary>
    public static bool IsAvailable => SyscallTable.IsSupported;
}
