namespace AkkaAio;

/// <summary>The kernel refused or failed an operation: carries its errno.</summary>
public sealed class AioSystemException : AioException
{
    // Looked up here, on the blocking thread that has just looked for the file, and not by ToBcl, which may run on any thread.
    private readonly bool _lacksFolder;

    /// <summary>
    /// Builds the message from the parts: "write of 4096 bytes at offset 0 of /data/log: ENOSPC (No space left on device)".
    /// </summary>
    public AioSystemException(
        Errno errno, string operation, string? path = null, long? offset = null, long? length = null, string? hint = null)
        : base($"{Describe(operation, path, offset, length)}: {errno.Name()} ({errno.Text()}){(hint is null ? "" : $"; {hint}")}")
    {
        Errno = errno;
        Operation = operation;
        Path = path;
        Offset = offset;
        Length = length;
        _lacksFolder = errno == Errno.ENOENT && path is not null && !IsFolderThere(path);
        // As the BCL does on Unix, so that code that filters on HResult goes on working.
        HResult = (int)errno;
    }

    /// <summary>The kernel's error number.</summary>
    public Errno Errno { get; }

    /// <summary>Its symbolic name: <c>EIO</c>.</summary>
    public string ErrnoName => Errno.Name();

    /// <inheritdoc/>
    public override Exception ToBcl() => Errno switch
    {
        Errno.ENOTDIR => new DirectoryNotFoundException(Message, this),
        Errno.ENOENT when _lacksFolder => new DirectoryNotFoundException(Message, this),
        Errno.ENOENT => new FileNotFoundException(Message, Path, this),
        Errno.ENAMETOOLONG => new PathTooLongException(Message, this),
        Errno.EACCES or Errno.EPERM or Errno.EISDIR or Errno.EBADF => new UnauthorizedAccessException(Message, this),
        _ => base.ToBcl(),
    };

    private static bool IsFolderThere(string path) =>
        System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is not { } folder || Directory.Exists(folder);
}
