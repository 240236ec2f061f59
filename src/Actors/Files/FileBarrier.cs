using Akka.Actor;

namespace AkkaAio.Files;

/// <summary>
/// A Flush, SetLength, Allocate or Close on its way through the lanes of its file. Told to every lane's shard by the caller's ref; each
/// tells the home shard when its earlier commands are answered; when all have, the home shard acts and replies once.
/// </summary>
internal sealed class FileBarrier(Aio.BarrierCommand command, IActorRef? requester) : INoSerializationVerificationNeeded
{
    private int _answered;

    public Aio.BarrierCommand Command => command;

    public AioFile File => command.File;

    public IActorRef? Requester => requester;

    /// <summary>Lanes that have not arrived. The home shard's.</summary>
    public int Remaining { get; set; } = command.File.Lanes.Length;

    /// <summary>Why it cannot be carried out: a lane was closing already. The home shard's.</summary>
    public Exception? Refused { get; set; }

    /// <summary>True for the first caller: the one that replies.</summary>
    public bool TryClaim() => Interlocked.Exchange(ref _answered, 1) == 0;
}
