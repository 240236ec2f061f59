namespace AkkaAio.Cluster.Tests;

/// <summary>A request that was performed, and whose answer its client does not get.</summary>
internal sealed class LostAnswer
{
    public TaskCompletionSource<Wire.Reply> Performed { get; } = new();

    /// <summary>From here on what the client tells again reaches the owner.</summary>
    public TaskCompletionSource GoOn { get; } = new();
}
