namespace AkkaAio.Streams;

/// <summary>How a sink writes. A setting that is null is as <c>akka.io.aio.streams</c> says.</summary>
public sealed record AioWriteSettings
{
    /// <summary>A new or emptied file, everything else as configured.</summary>
    public static AioWriteSettings Default { get; } = new();

    /// <summary>
    /// How a path is opened, as of <see cref="FileStream"/>. Append writes at the end of the file, at the length that it has when it is
    /// opened, and takes no <see cref="Start"/>. OpenOrCreate and Open overwrite: what the file has behind the last byte of the stream
    /// stays. Create and Truncate empty it first. Of an <see cref="AioFile"/> only Append counts; it is overwritten otherwise.
    /// </summary>
    public FileMode Mode { get; init; } = FileMode.Create;

    /// <summary>Byte offset of the first element; any, also of a direct file.</summary>
    public long Start { get; init; }

    /// <summary>
    /// Bytes of one write: 1 to 1 GiB, rounded up to the alignment of a direct file. Smaller elements are packed, larger ones divided.
    /// Null: <c>block-size</c>.
    /// </summary>
    public int? BlockSize { get; init; }

    /// <summary>Writes under way at once, and so the most blocks that the sink holds: 1 to 1024. Null: <c>window</c>.</summary>
    public int? Window { get; init; }

    /// <summary>
    /// How many bytes a direct file is made longer ahead of the writes, from its second block on:
    /// <see cref="AioOpenOptions.GrowAhead"/>. What is not needed is cut off before the last flush; after a crash the file ends in zeros.
    /// 0 to 1 TiB. Null: <c>grow-ahead</c> for a file that is new or emptied, 0 for others. No use with an <see cref="AioFile"/>.
    /// </summary>
    public long? GrowAhead { get; init; }

    /// <summary>When what was written is made durable. Null: <c>flush</c>.</summary>
    public AioFlushPolicy? Flush { get; init; }

    /// <summary>
    /// How else a path is opened: Direct, PreallocationSize, UnixCreateMode … Its Mode and Access do not count: <see cref="Mode"/> does,
    /// and the file is opened for reading too where it is direct. Null: the defaults.
    /// </summary>
    public AioOpenOptions? Open { get; init; }

    internal AioWriteSettings Checked()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Start);
        return Mode == FileMode.Append && Start != 0
            ? throw new ArgumentException($"Append starts at the end of the file; {nameof(Start)} is {Start}: leave it at 0", nameof(Start))
            : this;
    }

    // What is around the stream's bytes in their sectors is read, unless the file is empty or takes any write.
    internal AioOpenOptions ToOpenOptions()
    {
        var options = Open ?? AioOpenOptions.Default;
        return options with
        {
            Mode = Mode,
            Access = IsEmptied || options.Direct == DirectIo.Off ? FileAccess.Write : FileAccess.ReadWrite,
        };
    }

    internal long GrowAheadOr(AioStreamsExt configured)
    {
        var bytes = GrowAhead ?? (IsEmptied ? configured.GrowAhead : 0);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes, nameof(GrowAhead));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Limits.MostAhead, nameof(GrowAhead));
        return bytes;
    }

    internal bool IsEmptied => Mode is FileMode.Create or FileMode.CreateNew or FileMode.Truncate;
}
