using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Files;

/// <summary>The extents of the files that are open in this system, by inode. Used on blocking threads only.</summary>
internal sealed class FileExtents
{
    private readonly Lock _lock = new();
    private readonly Dictionary<FileIdentity, FileExtent> _extents = [];

    /// <summary>Files that are open.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _extents.Count;
            }
        }
    }

    /// <summary>The extent of a file that has just been opened.</summary>
    public FileExtent Open(IIoFile handle, bool isEmptied)
    {
        FileExtent? extent;
        lock (_lock)
        {
            if (!_extents.TryGetValue(handle.Identity, out extent))
            {
                _extents.Add(handle.Identity, extent = new FileExtent());
            }

            extent.References++;
        }

        try
        {
            extent.Opened(handle, isEmptied);
            return extent;
        }
        catch
        {
            Forget(handle, extent);
            throw;
        }
    }

    /// <summary>Closes a file.</summary>
    public void Close(IIoFile handle, FileExtent extent)
    {
        try
        {
            extent.Closed(handle);
        }
        finally
        {
            // After the descriptor, which keeps the inode's number from being another file's.
            Forget(handle, extent);
        }
    }

    private void Forget(IIoFile handle, FileExtent extent)
    {
        lock (_lock)
        {
            if (--extent.References == 0)
            {
                _extents.Remove(handle.Identity);
            }
        }
    }
}
