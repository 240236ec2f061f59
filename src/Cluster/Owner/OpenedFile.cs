using AkkaAio.Cluster.Disks;

namespace AkkaAio.Cluster.Owner;

/// <summary>A file that its owner has open.</summary>
/// <param name="File">The open file.</param>
/// <param name="Facts">Kind and id.</param>
/// <param name="Hold">The right to have it open, which the file gives back when it is closed.</param>
/// <param name="End">Where the next append goes.</param>
internal sealed record OpenedFile(AioFile File, FileFacts Facts, FileHold Hold, long End)
{
    /// <summary>Of this open; never seen before.</summary>
    public ulong Epoch => Hold.Epoch;

    /// <summary>What was acknowledged in this epoch or before, and was not durable, may be lost. 0: in none.</summary>
    public ulong LostUpTo { get; init; }

    /// <summary>Of a log: where it is damaged, and why nothing is appended to it; null: it is whole.</summary>
    public string? Damage { get; init; }
}
