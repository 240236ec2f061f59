using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.TestKit;

// Its files, and their names.
internal sealed partial class MemoryEngine
{
    /// <inheritdoc/>
    public IIoFile Open(string path, IoFileOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check(path);
        path = FullPathOf(path);
        var call = Begin("open", DiskOperationKind.Open, path);
        var (file, isNew) = Open(path, options, call);
        call.Done();
        if (options.PreallocationSize > 0)
        {
            Preallocate(file, isNew, options.PreallocationSize);
        }

        if (!isNew && options.Mode is FileMode.Create or FileMode.Truncate)
        {
            file.Inode.SetLength(0); // only now: where there is no room, what is there stays
            file.Inode.Allocate(options.PreallocationSize);
        }

        return file;
    }

    private (MemoryFile File, bool IsNew) Open(string path, IoFileOptions options, FileCall call)
    {
        lock (_lock)
        {
            var exists = _inodes.TryGetValue(path, out var inode);
            var errno = options.Mode switch
            {
                FileMode.Open or FileMode.Truncate when !exists => Errno.ENOENT,
                FileMode.CreateNew when exists => Errno.EEXIST,
                _ => Errno.None,
            };
            if (errno != Errno.None)
            {
                throw call.Failed(errno);
            }

            var others = _open.Values.Where(other => other.Inode == inode).ToArray();
            FileLockMode[] locks = [options.Lock, .. others.Select(other => other.Lock).Where(mode => mode != FileLockMode.None)];
            if (options.Lock != FileLockMode.None && locks.Length > 1 && locks.Contains(FileLockMode.Exclusive))
            {
                throw call.Failed(Errno.EAGAIN, "fcntl(F_OFD_SETLK)");
            }

            if (options.Share is { } share &&
                Array.Exists(others, its => its.Share is { } itsShare && (share == FileShare.None || itsShare == FileShare.None)))
            {
                throw call.Failed(Errno.EAGAIN, "flock");
            }

            inode ??= Create(path);
            var file = new MemoryFile(this, path, ++_lastDescriptor, inode, options);
            _open.Add(file.Descriptor, file);
            return (file, !exists);
        }
    }

    // A failure leaves what was there, and no new file.
    private void Preallocate(MemoryFile file, bool isNew, long length)
    {
        var operation = Log?.Begin(DiskOperationKind.Allocate, file.Path, length: length);
        operation?.Wait();
        var errno = operation?.Fault ?? Errno.None;
        errno = errno != Errno.None ? errno : Space.Allocate(file.Inode, 0, length);
        if (errno == Errno.EOPNOTSUPP)
        {
            file.Inode.SetLength(Math.Max(file.Inode.Length, length)); // without blocks, but as long as promised
        }

        var call = new FileCall("fallocate", file.Path, 0, length, operation);
        if (errno is Errno.None or Errno.EOPNOTSUPP)
        {
            call.Done();
            return;
        }

        lock (_lock)
        {
            _open.Remove(file.Descriptor);
            if (isNew && _inodes.GetValueOrDefault(file.Path) == file.Inode)
            {
                _inodes.Remove(file.Path);
                History?.Named(file.Path, null, null);
            }
        }

        throw call.Failed(errno);
    }

    /// <summary>Gives a file these bytes, and no script a say in it.</summary>
    public void WriteAllBytes(string path, ReadOnlySpan<byte> bytes)
    {
        path = FullPathOf(path);
        lock (_lock)
        {
            var inode = _inodes.TryGetValue(path, out var there) ? there : Create(path);
            inode.SetLength(0);
            inode.Write(bytes, 0, inode.Submit(bytes, 0), isDsync: false);
            inode.Flush(() => { });
            History?.FolderSynced(DiskHistory.FolderOf(path));
        }
    }

    /// <summary>A copy of a file's bytes, as they are now.</summary>
    public byte[] ReadAllBytes(string path)
    {
        path = FullPathOf(path);
        lock (_lock)
        {
            return _inodes.TryGetValue(path, out var inode)
                ? inode.ToArray()
                : throw new AioSystemException(Errno.ENOENT, "open", path);
        }
    }

    /// <summary>What a path names.</summary>
    internal NamedFile? Find(string path)
    {
        CheckFileCall("statx", path);
        lock (_lock)
        {
            return _inodes.TryGetValue(path, out var inode)
                ? new NamedFile(new FileIdentity(Device | (DeviceOf?.Invoke(path) ?? 0), inode.Number), inode.Length)
                : null;
        }
    }

    /// <summary>Takes a file's name away, and gives it another.</summary>
    internal void Rename(string call, string path, string? newPath, bool replace)
    {
        var kind = newPath is null ? DiskOperationKind.Delete : DiskOperationKind.Rename;
        var begun = Begin(call, kind, path, newPath: newPath);
        lock (_lock)
        {
            if (!_inodes.TryGetValue(path, out var inode))
            {
                throw begun.Failed(Errno.ENOENT);
            }

            if (newPath is not null && !replace && _inodes.ContainsKey(newPath))
            {
                throw begun.Failed(Errno.EEXIST);
            }

            _inodes.Remove(path);
            if (newPath is not null)
            {
                _inodes[newPath] = inode;
            }

            History?.Named(path, newPath, newPath is null ? null : inode.History);
        }

        begun.Done();
    }

    /// <summary>Puts a file there that a power cut has left.</summary>
    internal void Restore(string path, FileHistory file)
    {
        lock (_lock)
        {
            _inodes.Add(path, new MemoryInode(_inodesMade++, file));
        }
    }

    private MemoryInode Create(string path)
    {
        var inode = new MemoryInode(_inodesMade++, History is null ? null : new FileHistory(History, FileState.Empty));
        History?.Named(null, path, inode.History);
        return _inodes[path] = inode;
    }
}
