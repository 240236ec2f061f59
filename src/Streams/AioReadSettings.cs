
namespace AkkaAio.Streams;

/// <summary>How a source reads. A setting that is null is as <c>akka.io.aio.streams</c> says.</summary>
public sealed record AioReadSettings
{
    // Reads at once, so that the device has work while others wait to be pulled.
    private const int Overlapping = 4;

    /// <summary>The whole file, everything else as configured.</summary>
    public static AioReadSettings Default { get; } = new();

    /// <summary>Bytes of each element but the last: 1 to 1 GiB. Null: <c>chunk-size</c>.</summary>
    public int? ChunkSize { get; init; }

    /// <summary>Byte offset of the first element; any, also of a direct file. Behind the end of the file the source is empty.</summary>
    public long Start { get; init; }

    /// <summary>The most bytes to read; null: to the end of the file.</summary>
    public long? Length { get; init; }

    /// <summary>
    /// The most bytes of one read, of which several elements are made: 1 to 1 GiB. It is rounded down to a multiple of
    /// <see cref="ChunkSize"/>, and is at least that. Null: <c>read-size</c>.
    /// </summary>
    public int? ReadSize { get; init; }

    /// <summary>
    /// Bytes of reads that are under way or wait to be pulled, and so the most memory that the source holds: 1 to 1 TiB. There is always
    /// one read; where it is less than four of <see cref="ReadSize"/>, reads are smaller, at least one element, so that four overlap. Null:
    /// <c>Attributes.InputBuffer</c>, its max, in elements, where the source has one, otherwise <c>read-ahead</c>.
    /// </summary>
    public long? ReadAhead { get; init; }

    /// <summary>
    /// How a path is opened: for reading at least. Its <see cref="AioOpenOptions.Owner"/> closes the file when it dies, which fails the
    /// stream; null: no owner. Null: <see cref="AioOpenOptions.Default"/>. No use with an <see cref="AioFile"/>.
    /// </summary>
    public AioOpenOptions? Open { get; init; }

    internal int ChunkSizeOr(AioStreamsExt configured) =>
        Limits.Check(ChunkSize ?? configured.ChunkSize, Limits.MostBlock, nameof(ChunkSize));

    /// <summary>Bytes of one read, and how many there are at once.</summary>
    /// <param name="configured">What is not set here.</param>
    /// <param name="elements">The most elements to read ahead; null: not said.</param>
    internal (int Size, int Count) ReadsOr(AioStreamsExt configured, int? elements)
    {
        var chunkSize = ChunkSizeOr(configured);
        var readSize = Limits.Check(ReadSize ?? configured.ReadSize, Limits.MostBlock, nameof(ReadSize));
        var readAhead = Limits.Check(ReadAhead ?? (long?)elements * chunkSize ?? configured.ReadAhead, Limits.MostAhead, nameof(ReadAhead));
        var size = (int)Math.Min(readSize, readAhead / Overlapping);
        size = Math.Max(chunkSize, size - (size % chunkSize));
        return (size, (int)Math.Clamp(readAhead / size, 1, Limits.MostWindow));
    }

    internal AioReadSettings Checked()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Start);
        ArgumentOutOfRangeException.ThrowIfNegative(Length ?? 0, nameof(Length));
        return this;
    }
}
