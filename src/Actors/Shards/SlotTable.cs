namespace AkkaAio.Shards;

/// <summary>The operations that have left the queue, by their index in the context: as many as its depth. It survives restarts.</summary>
internal sealed class SlotTable
{
    private readonly Operation?[] _operations;
    private readonly Stack<int> _free;

    public SlotTable(int depth)
    {
        _operations = new Operation?[depth];
        _free = new Stack<int>(depth);
        for (var i = depth - 1; i >= 0; i--)
        {
            _free.Push(i);
        }
    }

    public bool HasFree => _free.Count > 0;

    public bool AllFree => _free.Count == _operations.Length;

    public Operation this[int slot] => _operations[slot]!;

    /// <summary>
    /// Any thread: the operations that have a slot, as far as can be seen while the shard's thread goes on. An element is a reference, and
    /// read whole; what it refers to may be over by then (<see cref="Operation.InFlightSince"/>). The shard's thread pays nothing for it.
    /// </summary>
    public IEnumerable<Operation> Seen => _operations.OfType<Operation>();

    /// <summary>Any thread: when the oldest operation in flight began, in Stopwatch ticks; null without any.</summary>
    public long? OldestInFlightSince => Seen.Min(operation => operation.InFlightSince);

    /// <summary>Gives it a slot. There is one: <see cref="HasFree"/>.</summary>
    public void Take(Operation operation)
    {
        var slot = _free.Pop();
        _operations[slot] = operation;
        operation.Slot = slot;
    }

    /// <summary>Takes its slot back, if it has one.</summary>
    public void GiveBack(Operation operation)
    {
        if (operation.Slot >= 0)
        {
            _operations[operation.Slot] = null;
            _free.Push(operation.Slot);
            operation.Slot = -1;
        }
    }
}
