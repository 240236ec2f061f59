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
    // Queues of requesters that have none waiting now; a burst comes back soon, and then finds its queue grown already.
    private const int MaxSpare = 64;

    private readonly Dictionary<object, Queue<Queued>> _waiting = [];
    private readonly Queue<(object Requester, Queue<Queued> Commands)> _turns = new();
    private readonly Stack<Queue<Queued>> _spare = new();

    public int Count { get; private set; }

    public void Enqueue(Queued queued)
    {
        object requester = queued.Requester is AioOperation ? queued.Command.File : queued.Requester;
        if (!_waiting.TryGetValue(requester, out var commands))
        {
            commands = _spare.TryPop(out var spare) ? spare : new Queue<Queued>();
            _waiting.Add(requester, commands);
            _turns.Enqueue((requester, commands));
        }

        commands.Enqueue(queued);
        Count++;
    }

    /// <summary>The next command of the requester whose turn it is.</summary>
    public bool TryDequeue(out Queued queued)
    {
        while (_turns.TryDequeue(out var turn))
        {
            if (!turn.Commands.TryDequeue(out queued))
            {
                // Its last commands were taken out by Cancel.
                Retire(turn);
                continue;
            }

            Count--;
            if (turn.Commands.Count > 0)
            {
                _turns.Enqueue(turn);
            }
            else
            {
                Retire(turn);
            }

            return true;
        }

        queued = default;
        return false;
    }

    /// <summary>Takes one command out of its turn.</summary>
    public bool TryRemove(Aio.TransferCommand command, out Queued removed)
    {
        removed = default;
        foreach (var commands in _waiting.Values)
        {
            for (var i = commands.Count; i > 0; i--)
            {
                var queued = commands.Dequeue();
                if (queued.Command == command)
                {
                    removed = queued;
                }
                else
                {
                    commands.Enqueue(queued);
                }
            }

            if (removed.Command is not null)
            {
                Count--;
                return true;
            }
        }

        return false;
    }

    private void Retire((object Requester, Queue<Queued> Commands) turn)
    {
        _waiting.Remove(turn.Requester);
        if (_spare.Count < MaxSpare)
        {
            _spare.Push(turn.Commands);
        }
    }
}
