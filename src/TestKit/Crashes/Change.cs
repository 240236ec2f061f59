namespace AkkaAio.TestKit;

/// <summary>
/// What was done to a file's bytes or to its length, and when: at ticks of the disk's history. A write has whole sectors: one that was
/// smaller has the bytes around it, as they were in the file behind it.
/// </summary>
internal sealed class Change(long offset, long count, byte[]? bytes, long? newLength, int submitted, long requestEnd = 0)
{
    public const int Never = int.MaxValue;

    public static Change Write(long offset, byte[] bytes, int submitted, long requestEnd) =>
        new(offset, bytes.Length, bytes, null, submitted, requestEnd);

    public static Change Hole(long offset, long count, int at) => new(offset, count, null, null, at) { Applied = at };

    public static Change Length(long length, int at) => new(0, 0, null, length, at) { Applied = at };

    public long Offset => offset;

    public long End => offset + count;

    /// <summary>Where the bytes end that were asked to be written: in the last sector.</summary>
    public long RequestEnd => requestEnd;

    public bool IsWrite => bytes is not null;

    /// <summary>What a write has written; null: zeros.</summary>
    public byte[]? Bytes => bytes;

    /// <summary>The length of the file behind this change; null: it is a change of bytes.</summary>
    public long? NewLength => newLength;

    /// <summary>From here on a power cut may leave it.</summary>
    public int Submitted => submitted;

    /// <summary>From here on a read sees it; the order of changes.</summary>
    public int Applied { get; set; } = Never;

    /// <summary>From here on each power cut leaves it.</summary>
    public int Durable { get; set; } = Never;

    /// <summary>From here on it never happened.</summary>
    public int Dropped { get; set; } = Never;

    /// <summary>It failed, or a flush of it did: no flush makes it durable any more, and it may be on the disk all the same.</summary>
    public bool IsLost { get; set; }

    public bool IsSettledAt(int tick) => Durable <= tick || Dropped <= tick;

    /// <summary>When it was applied, as known at a tick.</summary>
    public int AppliedAt(int tick) => Applied <= tick ? Applied : Never;

    public override string ToString() => newLength is { } length ? $"length {length}"
        : bytes is null ? $"hole of {count} bytes at {offset}" : $"write of {count} bytes at {offset}";
}
