using AkkaAio.Cluster;
using AkkaAio.Cluster.Names;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Clustering;

/// <summary>What a user may type for a file: the disk by the first digits of its id, and for a new file without a disk.</summary>
internal static class FileChoice
{
    private const int FewestDigits = 4;

    /// <summary>DISK/NAME, the disk as a whole id or an unambiguous beginning of one.</summary>
    /// <exception cref="UsageException">It names no disk, or more than one.</exception>
    public static string Address(ClusterClient client, string typed) => TryAddress(client, typed) is { } address
        ? address
        : throw new UsageException(
            $"\"{typed}\" does not begin with a disk: DISK/NAME, the disk by at least {FewestDigits} of its digits, " +
            "as \"cluster status\" shows them");

    /// <summary>As <see cref="Address"/>; without a disk the one with the most free space is taken.</summary>
    public static async Task<string> NewAddressAsync(ClusterClient client, string typed, CancellationToken stop) =>
        TryAddress(client, typed) ?? $"{await RoomiestAsync(client, stop)}/{typed}";

    /// <summary>A disk, and what names begin with: DISK or DISK/PREFIX.</summary>
    public static (string Disk, string Prefix) DiskAndPrefix(ClusterClient client, string typed)
    {
        var slash = typed.IndexOf('/', StringComparison.Ordinal);
        var digits = slash < 0 ? typed : typed[..slash];
        return (Disk(client, digits) ?? throw new UsageException(
            $"\"{digits}\" is no disk: it is at least {FewestDigits} digits of an id, as \"cluster status\" shows them"),
            slash < 0 ? "" : typed[(slash + 1)..]);
    }

    private static string? TryAddress(ClusterClient client, string typed)
    {
        var slash = typed.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && Disk(client, typed[..slash]) is { } disk ? $"{disk}{typed[slash..]}" : null;
    }

    // Null: these are no digits of an id.
    private static string? Disk(ClusterClient client, string digits)
    {
        if (FileAddress.IsDiskId(digits))
        {
            return digits; // it may be away, which the call will say
        }

        if (digits.Length is < FewestDigits or > FileAddress.DiskIdLength || !digits.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        var disks = client.Files.GetDisks()
            .Where(disk => disk.Id.StartsWith(digits, StringComparison.Ordinal))
            .Select(disk => disk.Id).Distinct().ToList();
        return disks switch
        {
            [var one] => one,
            [] => throw new DemoException(
                $"no disk that is up has an id that begins with {digits}; \"cluster status\" shows those that are"),
            _ => throw new UsageException($"{digits} is the beginning of {string.Join(" and ", disks)}: give more digits"),
        };
    }

    private static async Task<string> RoomiestAsync(ClusterClient client, CancellationToken stop)
    {
        AioClusterDiskStatus? best = null;
        foreach (var disk in client.Files.GetDisks())
        {
            var status = await client.Files.StatDiskAsync(disk.Id, stop);
            best = best is null || status.FreeBytes > best.FreeBytes ? status : best;
        }

        return best?.Id ?? throw new DemoException("the cluster has no disk that is up");
    }
}
