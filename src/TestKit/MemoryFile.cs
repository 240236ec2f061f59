using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.TestKit;

/// <summary>One open of a file of the in-memory engine.</summary>
internal sealed class MemoryFile(MemoryEngine engine, string path, int descriptor, MemoryInode inode, IoFileOptions options)
    : IIoFile
{
    public MemoryInode Inode => inode;

    public FileLockMode Lock => options.Lock;

    public FileShare? Share => options.Share;

    public string Path => path;

    public FileIdentity Identity => new(engine.Device | (engine.DeviceOf?.Invoke(path) ?? 0), inode.Number);

    public int Descriptor => descriptor;

    public FileAccess Access => options.Access;

    public bool IsDirect => options.Direct != DirectIo.Off;

    public bool IsBlockDevice => false;

    public int OffsetAlignment => IsDirect ? engine.Alignment : 1;

    public int MemoryAlignment => OffsetAlignment;

    public long GetLength()
    {
        var length = inode.Length; // as it was when it was asked for: a script may change it while the call returns
        engine.CheckFileCall("fstat", path);
        return length;
    }

    public void SetLength(long length)
    {
        var call = engine.Begin("ftruncate", DiskOperationKind.SetLength, path, length: length);
        if (length > Array.MaxLength)
        {
            throw call.Failed(Errno.EFBIG);
        }

        inode.SetLength(length);
        call.Done();
    }

    public void Allocate(long offset, long length)
    {
        var call = engine.Begin("fallocate", DiskOperationKind.Allocate, path, offset, length);
        var errno = engine.OnAllocate?.Invoke(path, offset + length) ?? Errno.None;
        errno = errno != Errno.None ? errno : engine.Space.Allocate(inode, offset, length);
        if (errno != Errno.None)
        {
            throw call.Failed(errno);
        }

        call.Done();
    }

    public void PunchHole(long offset, long length)
    {
        var call = engine.Begin("fallocate", DiskOperationKind.PunchHole, path, offset, length);
        inode.Clear(offset, length);
        call.Done();
    }

    public long? FindEndOfData(long from)
    {
        // A kernel that fails this call leaves it open what was written: that is no error of the file.
        return engine.OnFileCall?.Invoke("fiemap", path) is null or Errno.None ? Math.Max(from, inode.DataEnd) : null;
    }

    public int Read(Span<byte> destination, long offset)
    {
        var call = engine.Begin("read", DiskOperationKind.Read, path, offset, destination.Length);
        var count = inode.Read(destination[..Math.Min(destination.Length, call.ShortTo ?? int.MaxValue)], offset);
        call.Done(count);
        return count;
    }

    public bool LooksIntoPageCache => true;

    public bool TryReadCached(Span<byte> destination, long offset, out int count)
    {
        var isCached = engine.IsCached?.Invoke(path) ?? false;
        count = isCached ? inode.Read(destination, offset) : 0;
        return isCached;
    }

    public int Write(ReadOnlySpan<byte> source, long offset, bool dataSync)
    {
        var call = engine.Begin("write", DiskOperationKind.Write, path, offset, source.Length, dataSync);
        var part = source[..Math.Min(source.Length, call.ShortTo ?? int.MaxValue)];
        var (count, errno) = engine.Space.Write(inode, part, offset, OffsetAlignment, inode.Submit(part, offset), dataSync);
        if (errno != Errno.None)
        {
            throw call.Failed(errno);
        }

        engine.OnWritten?.Invoke(path, offset, count, dataSync);
        call.Done(count);
        return count;
    }

    public void DataSync()
    {
        FileCall call = default;
        inode.Flush(() => call = engine.Begin("fdatasync", DiskOperationKind.Flush, path));
        engine.CountDataSync();
        call.Done();
    }

    public void Dispose()
    {
        engine.OnFileCall?.Invoke("close", path); // an error of close(2) closes all the same
        var operation = engine.Log?.Begin(DiskOperationKind.Close, path);
        operation?.Wait();
        engine.Closed(this);
        operation?.End(0);
    }
}
