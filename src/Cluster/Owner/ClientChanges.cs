namespace AkkaAio.Cluster.Owner;

/// <summary>
/// The latest changes of one client to one file, by number. A request that comes a second time, however late, is answered from here and
/// changes nothing.
/// </summary>
internal sealed class ClientChanges
{
    // More than a client may have under way: one that is told again is found, and one that is not found was never performed.
    public const int Window = 256;

    private readonly Dictionary<ulong, Change> _changes = [];

    /// <summary>The highest number that has come.</summary>
    public ulong Last { get; private set; }

    public Change? Find(ulong number) => _changes.GetValueOrDefault(number);

    /// <summary>Whether a number that is not found is certain never to have been performed.</summary>
    public bool IsInWindow(ulong number) => number + Window > Last;

    public void Add(Change change)
    {
        Last = change.Number;
        _changes.Add(change.Number, change);
        if (_changes.Count > Window)
        {
            foreach (var old in _changes.Where(pair => pair.Key + Window <= Last && pair.Value.Reply is not null).Select(pair => pair.Key).ToArray())
            {
                _changes.Remove(old);
            }
        }
    }
}
