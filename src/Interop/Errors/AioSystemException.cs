namespace AkkaAio;

/// <summary>The kernel refused or failed an operation: carries its errno.</summary>
public sealed class AioSystemException : AioException
{
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
        // As the BCL does on Unix, so that code that filters on HResult goes on working.
        HResult = (int)errno;
    }

    /// <summary>The kernel's error number.</summary>
    public Errno Errno { get; }

    /// <summary>Its symbolic name: <c>EIO</c>.</summary>
    public string ErrnoName => Errno.Name();
}
