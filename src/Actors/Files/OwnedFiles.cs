using Akka.Actor;

namespace AkkaAio.Files;

/// <summary>The files that close when an actor dies. The manager's, but for the count of closes.</summary>
internal sealed class OwnedFiles(IActorRef owner)
{
    // An actor that opens, closes and opens again, as one that restarts does, must not open faster than its files close.
    private const int MostClosing = 32;

    private int _closing;

    public IActorRef Owner => owner;

    public HashSet<OpenFile> Files { get; } = [];

    /// <summary>Opens that wait for one of the closes.</summary>
    public Queue<BlockingCommand> Waiting { get; } = new();

    /// <summary>The limit of its files that are being closed is reached: its next Open waits for one of them.</summary>
    public bool MustWait => Volatile.Read(ref _closing) >= MostClosing;

    /// <summary>Any thread: the Close of one of them has been told.</summary>
    public void CloseBegins() => Interlocked.Increment(ref _closing);

    /// <summary>One is closed.</summary>
    public void Remove(OpenFile file)
    {
        if (Files.Remove(file) && file.IsClosing)
        {
            Interlocked.Decrement(ref _closing);
        }
    }
}
