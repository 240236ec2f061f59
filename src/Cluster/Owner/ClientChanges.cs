namespace AkkaAio.Cluster.Owner;

/// <summary>
/// The latest changes of one client to one file, by number. A request that comes a second time, however late, is answered from here and
/// changes nothing.
/// </summary>
internal sealed class ClientChanges
{
    // More than a client may have under way: one that is told again is found.
    public const int Window = 256;

    private readonly Dictionary<ulong, Change> _changes = [];
    private readonly Queue<Change> _inOrder = new(); // their numbers rise
    private ulong _forgotten;

    /// <summary>The highest number that has come.</summary>
    public ulong Last { get; private set; }

    public Change? Find(ulong number) => _changes.GetValueOrDefault(number);

    /// <summary>
    /// Whether a number that is not found is certain never to have been performed. A client counts its changes of all files together, so
    /// that how far it lies behind the last one says nothing.
    /// </summary>
    public bool IsCertain(ulong number) => number > _forgotten;

    public void Add(Change change)
    {
        Last = change.Number;
        _changes.Add(change.Number, change);
        _inOrder.Enqueue(change);
        while (_inOrder.Count > Window && _inOrder.Peek() is { Reply: not null, Number: var oldest })
        {
            _inOrder.Dequeue();
            _changes.Remove(oldest);
            _forgotten = oldest;
        }
    }
}
