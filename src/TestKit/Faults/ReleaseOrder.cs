namespace AkkaAio.TestKit;

/// <summary>The order in which held operations are let go.</summary>
public sealed class ReleaseOrder
{
    private readonly Action<DiskOperation[]> _sort;

    private ReleaseOrder(Action<DiskOperation[]> sort) => _sort = sort;

    /// <summary>As they were submitted.</summary>
    public static ReleaseOrder Submitted { get; } = new(_ => { });

    /// <summary>The last one first.</summary>
    public static ReleaseOrder Reverse { get; } = new(Array.Reverse);

    /// <summary>By chance; the same seed gives the same order.</summary>
    public static ReleaseOrder Shuffled(int seed) => new(new Random(seed).Shuffle);

    internal DiskOperation[] Of(IEnumerable<DiskOperation> operations)
    {
        DiskOperation[] sorted = [.. operations];
        _sort(sorted);
        return sorted;
    }
}
