using AkkaAio.Tasks;

namespace AkkaAio.Shards;

/// <summary>
/// Operations that wait for a slot: a queue for each requester, served in turn, so that one with ten thousand commands cannot make
/// another wait for all of them. Awaited tasks are told apart by their files. Commands in flight have no order among themselves, so none is
/// lost by it. Urgent ones (<see cref="AioPriority.High"/>) come first, in turns of their own.
/// </summary>
internal sealed class FairQueue
{
    // Of requesters that have none waiting now: a burst comes back soon.
    private const int MaxSpare = 64;

    // Then one that is not urgent, so that an unending log does not starve the rest.
    private const int MostUrgentInARow = 8;

    private readonly Turns _urgent = new();
    private readonly Turns _others = new();
    private readonly Stack<WaitingList> _spare = new();
    private int _urgentInARow;

    public int Count { get; private set; }

    public void Enqueue(Operation operation)
    {
        object requester = operation.Requester is AioOperation ? operation.Transfer.File : operation.Requester!;
        var turns = operation.Priority == AioPriority.High ? _urgent : _others;
        if (!turns.Lists.TryGetValue(requester, out var list))
        {
            list = _spare.TryPop(out var spare) ? spare : new WaitingList();
            list.Requester = requester;
            turns.Lists.Add(requester, list);
            turns.Order.Enqueue(list);
        }

        list.Add(operation);
        Count++;
    }

    /// <summary>The next operation of the requester whose turn it is, an urgent one first; null: none waits.</summary>
    public Operation? TryDequeue()
    {
        if (_urgentInARow < MostUrgentInARow && TryDequeue(_urgent) is { } urgent)
        {
            _urgentInARow++;
            return urgent;
        }

        _urgentInARow = 0;
        return TryDequeue(_others) ?? TryDequeue(_urgent);
    }

    /// <summary>Takes one out of its turn.</summary>
    public void Remove(Operation operation)
    {
        operation.List!.Remove(operation);
        if (--Count == 0)
        {
            RetireAll(_urgent); // requesters, and files of awaiting tasks, are not held by an empty queue
            RetireAll(_others);
        }
    }

    private Operation? TryDequeue(Turns turns)
    {
        while (turns.Order.TryDequeue(out var list))
        {
            if (list.First is Operation operation)
            {
                turns.Order.Enqueue(list);
                Remove(operation);
                return operation;
            }

            Retire(turns, list); // Cancel has taken its last ones out
        }

        return null;
    }

    private void RetireAll(Turns turns)
    {
        while (turns.Order.TryDequeue(out var list))
        {
            Retire(turns, list);
        }
    }

    private void Retire(Turns turns, WaitingList list)
    {
        turns.Lists.Remove(list.Requester!);
        list.Requester = null;
        if (_spare.Count < MaxSpare)
        {
            _spare.Push(list);
        }
    }

    private sealed class Turns
    {
        public Dictionary<object, WaitingList> Lists { get; } = new(ReferenceEqualityComparer.Instance);

        public Queue<WaitingList> Order { get; } = new();
    }
}
