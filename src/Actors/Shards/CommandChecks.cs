namespace AkkaAio.Shards;

/// <summary>What can be said of a command without the kernel: bad input gets a typed error and nothing else happens.</summary>
internal static class CommandChecks
{
    /// <summary>
    /// The longest single command in bytes: the largest int less room to widen it to any alignment at both ends. What is longer than
    /// one kernel operation goes in parts.
    /// </summary>
    public const int MaxLength = int.MaxValue - (2 * AioBuffer.Alignment);

    public static AioException? Check(Aio.TransferCommand command)
    {
        var file = command.File;
        var (offset, length) = (command.Offset, command.Length);
        var needed = command.IsWrite ? FileAccess.Write : FileAccess.Read;
        return offset < 0 ? Wrong(command, offset, length, "the offset is negative")
            : length < 0 ? Wrong(command, offset, length, "the length is negative")
            : length > MaxLength ? Wrong(command, offset, command.TotalLength, $"one command moves {MaxLength} bytes at most")
            : offset > long.MaxValue - length
                ? Wrong(command, offset, length, "its end is beyond the largest file, 2^63 - 1 bytes")
            : offset > long.MaxValue - length - AioBuffer.Alignment
                ? Wrong(command, offset, length,
                    $"its end is within the last {AioBuffer.Alignment} bytes below 2^63, where no range can be widened to the alignment")
            : (file.Access & needed) == 0
                ? Wrong(command, offset, length, $"the file was opened for {file.Access}")
            : null;
    }

    public static AioException? Check(Aio.BarrierCommand command) => command switch
    {
        Aio.SetLength { Length: < 0 } set => Wrong(command, null, set.Length, "the length is negative"),
        Aio.RangeCommand { Offset: < 0 } range => Wrong(command, range.Offset, range.Length, "the offset is negative"),
        Aio.RangeCommand { Length: <= 0 } range => Wrong(command, range.Offset, range.Length, "the length is not positive"),
        Aio.RangeCommand range when range.Offset > long.MaxValue - range.Length =>
            Wrong(command, range.Offset, range.Length, "its end is beyond the largest file, 2^63 - 1 bytes"),
        Aio.SetLength or Aio.RangeCommand when !command.File.Access.HasFlag(FileAccess.Write) =>
            Wrong(command, null, null, $"the file was opened for {command.File.Access}"),
        Aio.SetLength or Aio.Allocate when command.File.IsBlockDevice =>
            Wrong(command, null, null, "a block device's length is fixed"),
        _ => null,
    };

    private static AioArgumentException Wrong(Aio.FileCommand command, long? offset, long? length, string reason) =>
        new(reason, command.Name, command.File.Path, offset, length);
}
