using Akka.Streams;

namespace AkkaAio.Streams;

/// <summary>How a source reads. A setting that is null is as <c>akka.io.aio.streams</c> says.</summary>
public sealed record AioReadSettings
{
    /// <summary>The whole file, everything else as configured.</summary>
    public static AioReadSettings Default { get; } = new();

    /// <summary>Bytes of each element but the last: 1 to 1 GiB. Null: <c>chunk-size</c>.</summary>
    public int? ChunkSize { get; init; }

    /// <summary>Byte offset of the first element; any, also of a direct file. Behind the end of the file the source is empty.</summary>
    public long Start { get; init; }

    /// <summary>The most bytes to read; null: to the end of the file.</summary>
    public long? Length { get; init; }

    /// <summary>
    /// Bytes of one read, of which several elements are made: 1 to 1 GiB. It is rounded down to a multiple of <see cref="ChunkSize"/>, and
    /// is at least that. Null: <c>read-size</c>.
    /// </summary>
    public int? ReadSize { get; init; }

    /// <summary>
    /// Reads that are under way or wait to be pulled, and so the most buffers that the source holds: 1 to 1024. Null:
    /// <c>Attributes.InputBuffer</c>, its max, where the source has one, else <c>read-ahead</c>.
    /// </summary>
    public int? ReadAhead { get; init; }

    /// <summary>
    /// How a path is opened: for reading at least. Its <see cref="AioOpenOptions.Owner"/> closes the file when it dies, which fails the
    /// stream; null: no owner. Null: <see cref="AioOpenOptions.Default"/>. No use with an <see cref="AioFile"/>.
    /// </summary>
    public AioOpenOptions? Open { get; init; }

    internal int ChunkSizeOr(AioStreamsExt configured) =>
        Limits.Check(ChunkSize ?? configured.ChunkSize, Limits.MostBlock, nameof(ChunkSize));

    internal int ReadSizeOr(AioStreamsExt configured)
    {
        var chunkSize = ChunkSizeOr(configured);
        var readSize = Limits.Check(ReadSize ?? configured.ReadSize, Limits.MostBlock, nameof(ReadSize));
        return Math.Max(chunkSize, readSize - (readSize % chunkSize));
    }

    internal int ReadAheadOr(AioStreamsExt configured, Attributes attributes, ActorMaterializerSettings materializer) =>
        Limits.Check(
            ReadAhead ?? Limits.InputBufferOf(attributes, materializer) ?? configured.ReadAhead, Limits.MostWindow, nameof(ReadAhead));

    internal AioReadSettings Checked()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Start);
        ArgumentOutOfRangeException.ThrowIfNegative(Length ?? 0, nameof(Length));
        return this;
    }
}
