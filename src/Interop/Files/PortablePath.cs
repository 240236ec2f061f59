namespace AkkaAio.Interop.Files;

/// <summary>Changes of names by the BCL, for platforms whose system calls we do not know.</summary>
internal static class PortablePath
{
    /// <summary>Removes a file. Not made durable: there is no call for it.</summary>
    public static void Delete(string path) => Call("unlink", path, () => File.Delete(path), mustExist: path);

    /// <summary>Renames a file. Not made durable: there is no call for it.</summary>
    public static void Rename(string path, string newPath, bool replace) =>
        Call("rename", path, () => File.Move(path, newPath, replace), mustExist: path);

    private static void Call(string operation, string path, Action action, string mustExist)
    {
        try
        {
            if (!File.Exists(mustExist))
            {
                throw new AioSystemException(Errno.ENOENT, operation, path);
            }

            action();
        }
        catch (Exception e) when (PortableFile.ErrnoOf(e) is { } errno)
        {
            throw new AioSystemException(errno, operation, path);
        }
    }
}
