using System.Globalization;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Cluster.Paths;

/// <summary>What is in an open folder.</summary>
internal static class FolderList
{
    /// <summary>What is directly in the folder, in no order, with what it is; links are not followed.</summary>
    public static IEnumerable<(string Name, PathStatus Status)> List(this Folder folder)
    {
        using var handle = folder.OpenHandle();
        var link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{handle.DangerousGetHandle()}");
        foreach (var entry in Directory.EnumerateFileSystemEntries(link))
        {
            if (PathStatus.TryGet(entry, followLink: false, out var status) == Errno.None) // else removed since
            {
                yield return (Path.GetFileName(entry), status);
            }
        }
    }
}
