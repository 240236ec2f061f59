namespace AkkaAio.Streams;

/// <summary>How a tail follows a file. A setting that is null is as <c>akka.io.aio.streams</c> says.</summary>
public sealed record AioTailSettings
{
    /// <summary>From the start of the file, everything else as configured.</summary>
    public static AioTailSettings Default { get; } = new();

    /// <summary>The most bytes of an element: 1 to 1 GiB. Null: <c>chunk-size</c>.</summary>
    public int? ChunkSize { get; init; }

    /// <summary>Byte offset of the first element; null: the end that the file has when it is opened.</summary>
    public long? Start { get; init; } = 0;

    /// <summary>How often the end of the file is looked at: 1 ms to 1 hour. Null: <c>tail.poll</c>.</summary>
    public TimeSpan? Poll { get; init; }

    /// <summary>What follows when the file has been deleted and read to its end.</summary>
    public AioTailOnDelete OnDelete { get; init; }
}

/// <summary>What a tail does when its file has been deleted, and what it had has been read.</summary>
public enum AioTailOnDelete
{
    /// <summary>Waits for another file of that name.</summary>
    Wait,

    /// <summary>Completes the stream.</summary>
    Complete,

    /// <summary>Fails the stream.</summary>
    Fail,
}
