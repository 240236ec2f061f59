using Akka.Actor;

namespace AkkaAio.Files;

/// <summary>A command of the manager that a blocking thread is carrying out: an Open, or a change of names.</summary>
internal sealed class BlockingCommand(Aio.Command command, IActorRef requester)
{
    private int _answered;

    public Aio.Command Command => command;

    /// <summary>The command, where it is an Open.</summary>
    public Aio.Open Open => (Aio.Open)command;

    public IActorRef Requester => requester;

    /// <summary>True for the first caller: the one that replies. Asked only where the end of the system may have answered it.</summary>
    public bool TryClaim() => Interlocked.Exchange(ref _answered, 1) == 0;
}
