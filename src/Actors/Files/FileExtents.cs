using AkkaAio.Interop.Files;

namespace AkkaAio.Files;

/// <summary>
/// The extents of the files that are open in this process, by inode: of all of its actor systems, so that each knows what the others
/// have written. Used on blocking threads only.
/// </summary>
internal static class FileExtents
{
    private static readonly Lock Guard = new();
    private static readonly Dictionary<FileIdentity, FileExtent> Extents = [];

    /// <summary>The extent of a file that has just been opened.</summary>
    /// <param name="file">With its handle.</param>
    /// <param name="isEmptied">By the open: what is there now is preallocated.</param>
    public static FileExtent Open(OpenFile file, bool isEmptied)
    {
        FileExtent? extent;
        lock (Guard)
        {
            if (!Extents.TryGetValue(file.Handle.Identity, out extent))
            {
                Extents.Add(file.Handle.Identity, extent = new FileExtent());
            }

            extent.References++;
        }

        try
        {
            extent.Opened(file, isEmptied);
            return extent;
        }
        catch
        {
            Forget(file, extent);
            throw;
        }
    }

    /// <summary>Closes a file.</summary>
    public static void Close(OpenFile file)
    {
        try
        {
            file.Extent.Closed(file);
        }
        finally
        {
            // After the descriptor, which keeps the inode's number from being another file's.
            Forget(file, file.Extent);
        }
    }

    private static void Forget(OpenFile file, FileExtent extent)
    {
        lock (Guard)
        {
            if (--extent.References == 0)
            {
                Extents.Remove(file.Handle.Identity);
            }
        }
    }
}
