using Akka.Actor;

namespace AkkaAio.Files;

/// <summary>An Open that a blocking thread is carrying out.</summary>
internal sealed class Opening(Aio.Open open, IActorRef requester)
{
    private int _answered;

    public Aio.Open Open => open;

    public IActorRef Requester => requester;

    /// <summary>True for the first caller: the one that replies. Asked only where the end of the system may have answered it.</summary>
    public bool TryClaim() => Interlocked.Exchange(ref _answered, 1) == 0;
}
