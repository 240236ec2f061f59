using AkkaAio.Tasks;

namespace AkkaAio.Shards;

/// <summary>
/// Operations that wait for a slot: a queue for each requester, served in turn, so that one with ten thousand commands cannot make
/// another wait for all of them. Awaited tasks are told apart by their files. Commands in flight have no order among themselves, so none is
/// lost by it.
/// </summary>
internal sealed class FairQueue
{
    // Of requesters that have none waiting now: a burst comes back soon.
    private const int MaxSpare = 64;

    private readonly Dictionary<object, WaitingList> _lists = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<WaitingList> _turns = new();
    private readonly Stack<WaitingList> _spare = new();

    public int Count { get; private set; }

    public void Enqueue(Operation operation)
    {
        object requester = operation.Requester is AioOperation ? operation.Transfer.File : operation.Requester!;
        if (!_lists.TryGetValue(requester, out var list))
        {
            list = _spare.TryPop(out var spare) ? spare : new WaitingList();
            list.Requester = requester;
            _lists.Add(requester, list);
            _turns.Enqueue(list);
        }

        list.Add(operation);
        Count++;
    }

    /// <summary>The next operation of the requester whose turn it is; null: none waits.</summary>
    public Operation? TryDequeue()
    {
        while (_turns.TryDequeue(out var list))
        {
            if (list.First is Operation operation)
            {
                _turns.Enqueue(list);
                Remove(operation);
                return operation;
            }

            Retire(list); // Cancel has taken its last ones out
        }

        return null;
    }

    /// <summary>Takes one out of its turn.</summary>
    public void Remove(Operation operation)
    {
        operation.List!.Remove(operation);
        if (--Count == 0)
        {
            RetireAll(); // requesters, and files of awaiting tasks, are not held by an empty queue
        }
    }

    private void RetireAll()
    {
        while (_turns.TryDequeue(out var list))
        {
            Retire(list);
        }
    }

    private void Retire(WaitingList list)
    {
        _lists.Remove(list.Requester!);
        list.Requester = null;
        if (_spare.Count < MaxSpare)
        {
            _spare.Push(list);
        }
    }
}
