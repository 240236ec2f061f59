namespace AkkaAio.Interop.Engines.PosixAio;

/// <summary>
/// The operations in flight, by descriptor and in the order in which glibc does them: one after the other, as they came. So that who waits
/// need not ask for every one: aio_error takes glibc's only lock, aio_suspend holds it for a search as long as the square of what it is given.
/// </summary>
internal sealed class DescriptorQueues(int depth)
{
    private const int None = -1;

    private readonly int[] _next = new int[depth];
    private readonly Queue[] _queues = new Queue[depth];
    private readonly Dictionary<int, int> _queueOf = [];

    /// <summary>Descriptors with something in flight: queues 0 to Count - 1.</summary>
    public int Count { get; private set; }

    /// <summary>The slot that glibc does next, or does.</summary>
    public int FirstOf(int queue) => _queues[queue].First;

    /// <summary>The slot that it does last.</summary>
    public int LastOf(int queue) => _queues[queue].Last;

    /// <summary>How many are in it.</summary>
    public int LengthOf(int queue) => _queues[queue].Length;

    /// <summary>The slot behind it in its queue; below zero behind the last.</summary>
    public int After(int slot) => _next[slot];

    public void Add(int slot, int descriptor)
    {
        _next[slot] = None;
        if (_queueOf.TryGetValue(descriptor, out var index))
        {
            _next[_queues[index].Last] = slot;
            _queues[index].Last = slot;
            _queues[index].Length++;
            return;
        }

        _queueOf.Add(descriptor, Count);
        _queues[Count++] = new Queue { Descriptor = descriptor, First = slot, Last = slot, Length = 1 };
    }

    /// <summary>Takes a slot out of its queue, below zero <paramref name="before"/> the first. Of an empty one the last takes the number.</summary>
    public void Remove(int queue, int before, int slot)
    {
        ref var from = ref _queues[queue];
        from.Length--;
        if (before >= 0)
        {
            _next[before] = _next[slot];
        }
        else
        {
            from.First = _next[slot];
        }

        if (from.Last == slot)
        {
            from.Last = before;
        }

        if (from.First < 0)
        {
            _queueOf.Remove(from.Descriptor);
            from = _queues[--Count];
            if (queue < Count)
            {
                _queueOf[from.Descriptor] = queue;
            }
        }
    }

    private struct Queue
    {
        public int Descriptor;
        public int First;
        public int Last;
        public int Length;
    }
}
