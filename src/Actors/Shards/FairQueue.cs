using Akka.Actor;
using AkkaAio.Files;
using AkkaAio.Tasks;

namespace AkkaAio.Shards;

/// <summary>A command that is accepted and counted in its lane.</summary>
/// <param name="Command">The command.</param>
/// <param name="Requester">Who gets the reply.</param>
/// <param name="Lane">The file's lane.</param>
/// <param name="Epoch">From <see cref="FileLane.Start"/>.</param>
/// <param name="At">Stopwatch ticks when it began to wait for a slot.</param>
internal readonly record struct Queued(Aio.TransferCommand Command, IActorRef Requester, FileLane Lane, int Epoch, long At = 0);

/// <summary>
/// Commands that wait for a slot: a queue for each requester, served in turn, so that one with ten thousand commands cannot make
/// another wait for all of them. Those who await tasks are told apart by their files. Commands in flight have no order among themselves,
/// so none is lost by it.
/// </summary>
internal sealed class FairQueue
{
    // Of requesters that have none waiting now, and of commands that have left: a burst comes back soon.
    private const int MaxSpareLists = 64;
    private const int MaxSpare = 4096;

    private readonly Dictionary<object, WaitingList> _lists = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<WaitingList> _turns = new();
    private readonly Stack<WaitingList> _spareLists = new();
    private readonly Stack<Waiting> _spare = new();

    public int Count { get; private set; }

    public void Enqueue(in Queued queued)
    {
        object requester = queued.Requester is AioOperation ? queued.Command.File : queued.Requester;
        if (!_lists.TryGetValue(requester, out var list))
        {
            list = _spareLists.TryPop(out var spareList) ? spareList : new WaitingList();
            list.Requester = requester;
            _lists.Add(requester, list);
            _turns.Enqueue(list);
        }

        var waiting = _spare.TryPop(out var spare) ? spare : new Waiting();
        waiting.Queued = queued;
        list.Add(waiting);
        Count++;
    }

    /// <summary>The next command of the requester whose turn it is.</summary>
    public bool TryDequeue(out Queued queued)
    {
        while (_turns.TryDequeue(out var list))
        {
            if (list.First is not { } waiting)
            {
                Retire(list); // Cancel has taken its last ones out
                continue;
            }

            _turns.Enqueue(list);
            queued = TakeOut(waiting);

            return true;
        }

        queued = default;
        return false;
    }

    /// <summary>Takes one out of its turn.</summary>
    public Queued TakeOut(Waiting waiting)
    {
        WaitingList.Remove(waiting);
        Count--;
        var queued = waiting.Queued;
        waiting.Queued = default;
        if (_spare.Count < MaxSpare)
        {
            _spare.Push(waiting);
        }

        if (Count == 0)
        {
            RetireAll();
        }

        return queued;
    }

    // Requesters, and files of those who await, are not held by an empty queue.
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
        if (_spareLists.Count < MaxSpareLists)
        {
            _spareLists.Push(list);
        }
    }
}
