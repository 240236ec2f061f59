namespace AkkaAio.Cluster.Client;

/// <summary>
/// The epochs in which changes were acknowledged that were not durable, and not flushed since. A flush of a later epoch names the first of
/// them: its owner can say whether they were flushed.
/// </summary>
internal sealed class UnflushedWrites
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, long> _last = []; // of each epoch, the latest such change
    private long _count;

    public void Add(ulong epoch)
    {
        lock (_lock)
        {
            _last[epoch] = ++_count;
        }
    }

    /// <summary>A flush begins.</summary>
    /// <returns>The first epoch, 0 for none; and what to give to <see cref="Flushed"/>.</returns>
    public (ulong Since, long Count) Begin()
    {
        lock (_lock)
        {
            return (_last.Count == 0 ? 0 : _last.First().Key, _count);
        }
    }

    /// <summary>It has succeeded: what had been acknowledged when it began is durable.</summary>
    public void Flushed(long count)
    {
        lock (_lock)
        {
            foreach (var epoch in _last.Where(pair => pair.Value <= count).Select(pair => pair.Key).ToArray())
            {
                _last.Remove(epoch);
            }
        }
    }
}
