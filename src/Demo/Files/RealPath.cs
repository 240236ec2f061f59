using System.Runtime.InteropServices;
using System.Text;

namespace AkkaAio.Demo.Files;

/// <summary>
/// What the kernel calls a path: absolute, every symbolic link resolved. The BCL works on the text instead, which goes wrong with
/// <c>link/..</c>, and takes the target of a link in the working folder for one in the root folder.
/// Elsewhere than on Linux there is only the BCL.
/// </summary>
internal static class RealPath
{
    // limits.h: PATH_MAX, with the NUL.
    private const int PathMax = 4096;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Resolves <paramref name="path"/>, which must exist.</summary>
    /// <returns>
    /// <see cref="Errno.None"/>, or why it cannot be resolved; <see cref="Errno.EILSEQ"/>: its real name is not UTF-8, and the text that
    /// .NET makes of it names another file, or none.
    /// </returns>
    public static Errno TryGet(string path, out string realPath)
    {
        realPath = "";
        if (!OperatingSystem.IsLinux())
        {
            realPath = Path.GetFullPath(path);
            return Path.Exists(realPath) ? Errno.None : Errno.ENOENT;
        }

        var name = new byte[Encoding.UTF8.GetByteCount(path) + 1];
        Encoding.UTF8.GetBytes(path, name);
        var resolved = new byte[PathMax];
        if (Resolve(name, resolved) == 0)
        {
            return (Errno)Marshal.GetLastPInvokeError();
        }

        try
        {
            realPath = Strict.GetString(resolved.AsSpan(0, Array.IndexOf(resolved, (byte)0)));
            return Errno.None;
        }
        catch (DecoderFallbackException)
        {
            return Errno.EILSEQ;
        }
    }

    [DllImport("libc", EntryPoint = "realpath", SetLastError = true)]
    private static extern nint Resolve(byte[] path, [Out] byte[] resolved);
}
