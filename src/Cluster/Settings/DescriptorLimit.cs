using System.Globalization;

namespace AkkaAio.Cluster;

/// <summary>RLIMIT_NOFILE, as <c>/proc/self/limits</c> tells it.</summary>
internal static class DescriptorLimit
{
    // Where the limit is not to be known.
    private const int Default = 1024;

    /// <summary>Half of the descriptors that the process may still open: the rest is for sockets and for others' files.</summary>
    public static int HalfOfRest(int most)
    {
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(text => text.StartsWith("Max open files", StringComparison.Ordinal));
        var soft = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var limit, ..] &&
                   int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : Default;
        return Math.Clamp((soft - Directory.EnumerateFileSystemEntries("/proc/self/fd").Count()) / 2, 1, most);
    }
}
