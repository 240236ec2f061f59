using Akka.Actor;
using AkkaAio.Shards;

namespace AkkaAio.Files;

/// <summary>
/// A Flush, SetLength, Allocate or Close on its way through the lanes of its file. Told to every lane's shard by the caller's ref; each
/// tells the home shard when its earlier commands are answered; when all have, the home shard acts and replies once.
/// </summary>
internal sealed class FileBarrier : Accepted, INoSerializationVerificationNeeded
{
    private readonly IActorRef? _requester;
    private int _answered;

    public FileBarrier(Aio.BarrierCommand command, IActorRef? requester)
    {
        Barrier = command;
        _requester = requester;
        Remaining = command.File.Lanes.Length;
    }

    /// <summary>The command.</summary>
    public Aio.BarrierCommand Barrier { get; }

    /// <inheritdoc/>
    public override Aio.FileCommand Command => Barrier;

    public AioFile File => Barrier.File;

    /// <summary>Lanes that have not arrived. The home shard's.</summary>
    public int Remaining { get; set; }

    /// <summary>Why it cannot be carried out: a lane was closing already. The home shard's.</summary>
    public Exception? Refused { get; set; }

    /// <summary>The home shard has it among what is under way.</summary>
    public bool IsAtHome { get; set; }

    /// <inheritdoc/>
    /// <remarks>Any thread: at the end of the system a lane's copy of it may become a dead letter while the home shard answers
    /// it.</remarks>
    public override IActorRef? TakeRequester() =>
        Interlocked.Exchange(ref _answered, 1) == 0 ? _requester ?? ActorRefs.Nobody : null;
}
