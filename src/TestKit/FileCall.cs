namespace AkkaAio.TestKit;

/// <summary>A blocking system call: begun, and to be ended with <see cref="Done"/> or <see cref="Failed"/>.</summary>
internal readonly struct FileCall(string call, string path, long? offset, long? length, DiskOperation? operation)
{
    /// <summary>The most bytes that a rule lets it move.</summary>
    public int? ShortTo => operation?.ShortTo;

    /// <summary>It has moved so many bytes.</summary>
    public void Done(long count = 0) => operation?.End(count);

    /// <summary>It has failed: gives what it throws. An open fails of several system calls.</summary>
    public AioSystemException Failed(Errno errno, string? failed = null)
    {
        operation?.End(-(long)errno);
        return new AioSystemException(errno, failed ?? call, path, offset, length);
    }
}
