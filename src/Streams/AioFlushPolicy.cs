namespace AkkaAio.Streams;

/// <summary>When a sink makes durable what it has written.</summary>
/// <remarks>
/// All but <see cref="Never"/> also flush before the stream's task succeeds. A flush in mid-stream waits for the writes under way, and the
/// next element waits for it.
/// </remarks>
public sealed record AioFlushPolicy
{
    private AioFlushPolicy()
    {
    }

    /// <summary>Not at all: a power cut may lose what the page cache or the disk's cache has.</summary>
    public static AioFlushPolicy Never { get; } = new() { AtEnd = false };

    /// <summary>Once, before the stream's task succeeds.</summary>
    public static AioFlushPolicy OnComplete { get; } = new();

    /// <summary>Each element, by RWF_DSYNC, before the next one is taken.</summary>
    public static AioFlushPolicy EachElement { get; } = new() { IsEachElement = true };

    internal bool AtEnd { get; private init; } = true;

    internal bool IsEachElement { get; private init; }

    internal long? Bytes { get; private init; }

    internal TimeSpan? Interval { get; private init; }

    /// <summary>Whenever this many bytes have been taken since the last flush.</summary>
    /// <param name="bytes">1 or more.</param>
    public static AioFlushPolicy EveryBytes(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        return new AioFlushPolicy { Bytes = bytes };
    }

    /// <summary>Once in this time, if anything has been taken since the last flush.</summary>
    /// <param name="interval">At least 1 ms.</param>
    public static AioFlushPolicy Every(TimeSpan interval)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, TimeSpan.FromMilliseconds(1));
        return new AioFlushPolicy { Interval = interval };
    }

    /// <summary>As in the configuration, or as it was made.</summary>
    public override string ToString() =>
        IsEachElement ? "each-element"
        : Bytes is { } bytes ? $"every {bytes} bytes"
        : Interval is { } interval ? $"every {interval.TotalMilliseconds} ms"
        : AtEnd ? "on-complete" : "never";
}
