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
/// <remarks>
/// A command knows its tellings in here (<see cref="Aio.TransferCommand.Waiting"/>), so that Cancel takes one out of any number at once.
/// </remarks>
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
        waiting.EarlierOfCommand = queued.Command.Waiting;
        queued.Command.Waiting?.LaterOfCommand = waiting;
        queued.Command.Waiting = waiting;
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

            queued = TakeOut(waiting);
            if (list.First is null)
            {
                Retire(list);
            }
            else
            {
                _turns.Enqueue(list);
            }

            return true;
        }

        queued = default;
        return false;
    }

    /// <summary>Takes one telling of a command out of its turn; false when none waits here.</summary>
    public bool TryRemove(Aio.TransferCommand command, out Queued removed)
    {
        if (command.Waiting is not { } waiting)
        {
            removed = default;
            return false;
        }

        removed = TakeOut(waiting);
        return true;
    }

    private Queued TakeOut(Waiting waiting)
    {
        var queued = waiting.Queued;
        waiting.List.Remove(waiting);
        waiting.EarlierOfCommand?.LaterOfCommand = waiting.LaterOfCommand;
        waiting.LaterOfCommand?.EarlierOfCommand = waiting.EarlierOfCommand;
        if (queued.Command.Waiting == waiting)
        {
            queued.Command.Waiting = waiting.EarlierOfCommand;
        }

        Count--;
        (waiting.Queued, waiting.List) = (default, null!);
        (waiting.Previous, waiting.Next, waiting.EarlierOfCommand, waiting.LaterOfCommand) = (null, null, null, null);
        if (_spare.Count < MaxSpare)
        {
            _spare.Push(waiting);
        }

        return queued;
    }

    private void Retire(WaitingList list)
    {
        _lists.Remove(list.Requester);
        list.Requester = ActorRefs.Nobody;
        if (_spareLists.Count < MaxSpareLists)
        {
            _spareLists.Push(list);
        }
    }
}
