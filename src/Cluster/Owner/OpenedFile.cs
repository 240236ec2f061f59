using AkkaAio.Cluster.Disks;

namespace AkkaAio.Cluster.Owner;

/// <summary>A file that its owner has open.</summary>
/// <param name="File">The open file.</param>
/// <param name="Facts">Kind and id.</param>
/// <param name="Epoch">Of this open; never seen before.</param>
/// <param name="End">Where the next append goes.</param>
internal sealed record OpenedFile(AioFile File, FileFacts Facts, ulong Epoch, long End);
