namespace AkkaAio.TestKit;

/// <summary>What is durable of a file at a tick, and where to look for what is not.</summary>
/// <param name="Base">Its durable bytes. Nobody writes to them.</param>
/// <param name="Length">Its durable length, in bytes.</param>
/// <param name="DataEnd">Where the last durable write ended.</param>
/// <param name="DecidedBefore">What was applied before this tick is decided, and durable in <see cref="Base"/>.</param>
/// <param name="First">Index of the first change that may not have been applied before that.</param>
internal sealed record FileState(PageTable Base, long Length, long DataEnd, int DecidedBefore, int First)
{
    public static FileState Empty => new(new PageTable(), 0, 0, 0, 0);

    /// <summary>The changes behind the decided ones that a cut at the tick knows of, in the order in which reads saw them.</summary>
    public List<Change> WindowAt(int tick, Change[] changes)
    {
        var (window, isInOrder) = (new List<Change>(), true);
        for (var i = First; i < changes.Length && changes[i].Submitted <= tick; i++)
        {
            if (changes[i].Dropped > tick && changes[i].Applied >= DecidedBefore)
            {
                isInOrder = isInOrder && (window.Count == 0 || window[^1].AppliedAt(tick) <= changes[i].AppliedAt(tick));
                window.Add(changes[i]);
            }
        }

        return isInOrder ? window : [.. window.OrderBy(change => change.AppliedAt(tick))]; // those in flight last, as submitted
    }

    /// <summary>With all that has become durable up to a tick.</summary>
    public FileState AdvancedTo(int tick, Change[] changes)
    {
        var (bytes, length, dataEnd, decided) = (Base.Clone(), Length, DataEnd, Change.Never);
        foreach (var change in WindowAt(tick, changes))
        {
            if (change.Durable > tick)
            {
                decided = Math.Min(decided, change.AppliedAt(tick));
            }
            else if (change.NewLength is { } newLength)
            {
                bytes.Zero(newLength, long.MaxValue); // also what an older write has just put there again
                (length, dataEnd) = (newLength, Math.Min(dataEnd, newLength));
            }
            else if (change.Bytes is null)
            {
                bytes.Zero(change.Offset, change.End);
            }
            else
            {
                bytes.Place(change.Bytes, change.Offset);
                dataEnd = Math.Max(dataEnd, change.End);
            }
        }

        decided = Math.Min(decided, tick + 1);
        var first = First;
        while (first < changes.Length && (changes[first].Dropped <= tick || changes[first].Applied < decided))
        {
            first++;
        }

        return new FileState(bytes, length, Math.Min(dataEnd, length), decided, first);
    }
}
