namespace AkkaAio;

/// <summary>
/// Base of everything that can go wrong with an operation. Says what was asked of which file; the subclass says why it failed.
/// </summary>
public class AioException : IOException
{
    /// <summary>An error in words, about no particular file.</summary>
    public AioException(string message)
        : base(message)
    {
    }

    /// <summary>An error in words, with what caused it.</summary>
    public AioException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An error without words; for serializers only.</summary>
    public AioException()
    {
    }

    /// <summary>What was being done: <c>read</c>, <c>write</c>, <c>open</c> …; null when no operation is concerned.</summary>
    public string? Operation { get; init; }

    /// <summary>The file's path; null when no file is concerned.</summary>
    public string? Path { get; init; }

    /// <summary>Byte offset in the file; null when it does not apply.</summary>
    public long? Offset { get; init; }

    /// <summary>Length in bytes; null when it does not apply.</summary>
    public long? Length { get; init; }

    /// <summary>
    /// What the BCL's own file classes throw in this case, with this exception inside: for code that catches theirs. A missing file is a
    /// <see cref="FileNotFoundException"/>, or a <see cref="DirectoryNotFoundException"/> where its folder is missing or no folder;
    /// no permission, or a folder where a file is meant, an <see cref="UnauthorizedAccessException"/>; a closed file or a disposed buffer
    /// an <see cref="ObjectDisposedException"/>; everything else an <see cref="IOException"/> whose HResult is the errno.
    /// </summary>
    public virtual Exception ToBcl() => new IOException(Message, this) { HResult = HResult };

    /// <summary>"read of 4096 bytes at offset 0 of /data/log", as far as the parts are known.</summary>
    internal static string Describe(string operation, string? path, long? offset, long? length)
    {
        var what = length is { } bytes ? $"{operation} of {bytes} bytes" : operation;
        var where = offset is { } at ? $"{what} at offset {at}" : what;
        return path is null ? where : length is null && offset is null ? $"{where} {path}" : $"{where} of {path}";
    }
}
