using System.Collections.Concurrent;
using System.Globalization;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Files;

/// <summary>
/// Block sizes of devices, from sysfs and not from the device: some devices refuse even root, and a container has no node for it.
/// </summary>
internal static class DeviceBlocks
{
    // Where nobody can say (btrfs, overlayfs, NFS, no sysfs): what nearly every device has today.
    private const int CommonPhysicalSize = 4096;

    private static readonly ConcurrentDictionary<(uint Major, uint Minor), int> PhysicalSizes = new();

    /// <summary>What the device below the file, or the one that is the file, writes at once, in bytes. Looked up once a device.</summary>
    public static int PhysicalSizeOf(in StatxBuffer stat) => PhysicalSizes.GetOrAdd(
        stat.IsBlockDevice ? (stat.SpecialMajor, stat.SpecialMinor) : (stat.DeviceMajor, stat.DeviceMinor),
        static device => SizeOf(device.Major, device.Minor, "physical_block_size") ?? CommonPhysicalSize);

    /// <summary>A figure of the device's queue; null where there is none.</summary>
    public static int? SizeOf(uint major, uint minor, string name)
    {
        var link = string.Create(CultureInfo.InvariantCulture, $"/sys/dev/block/{major}:{minor}");
        foreach (var queue in (ReadOnlySpan<string>)["queue", "../queue"]) // a partition has its disk's queue
        {
            try
            {
                // The link is resolved first: .NET would take "1:2/.." out of the path as text.
                var device = Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName ?? link;
                var text = File.ReadAllText($"{device}/{queue}/{name}");
                return int.Parse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                // Not a block device, or no sysfs here: the next place, then the caller's own answer.
            }
        }

        return null;
    }
}
