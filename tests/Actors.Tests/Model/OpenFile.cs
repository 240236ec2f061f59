using Akka.Actor;

namespace AkkaAio.Tests.Model;

/// <summary>One open of a file of a schedule.</summary>
internal sealed class OpenFile(Entry open, ScheduleFile file, IActorRef? owner, bool oneOrder)
{
    // A schedule works on 32 sectors of 512 bytes of each file, which lie on four stripes of 4 KiB.
    public const int Sector = 512;
    public const int Sectors = 32;

    /// <summary>What is open here, and perhaps through others too.</summary>
    public ScheduleFile Of => file;

    /// <summary>What came of the Open; null before its reply and after its failure.</summary>
    public AioFile? File => (open.Reply as Aio.Opened)?.File;

    public bool Failed => open.Reply is Aio.CommandFailed;

    /// <summary>When it dies, the file is closed.</summary>
    public IActorRef? Owner { get; } = owner;

    /// <summary>A Close has been told, or the owner has died.</summary>
    public bool Ending { get; set; }

    public History History { get; } = new(oneOrder);
}
