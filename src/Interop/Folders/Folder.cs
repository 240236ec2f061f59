using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Files;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Folders;

/// <summary>
/// An open folder. Names are looked up below its descriptor: no <c>..</c>, no symbolic link, no other file system, wherever the folder has
/// been moved to and whatever stands under its path now. All methods block.
/// </summary>
/// <remarks>openat2(2) with RESOLVE_BENEATH; where the kernel or a seccomp profile has none, segment by segment with O_NOFOLLOW.</remarks>
internal sealed class Folder : IDisposable
{
    private const char Separator = '/';

    private readonly SafeFileHandle _handle;
    private readonly ulong _device;

    private Folder(SafeFileHandle handle, string path, in StatxBuffer stat)
    {
        _handle = handle;
        Path = path;
        _device = stat.Identity.Device;
        Identity = stat.Identity;
    }

    /// <summary>The path by which it was opened.</summary>
    public string Path { get; }

    /// <summary>Which folder it is.</summary>
    public FileIdentity Identity { get; }

    /// <summary>For tests: as on a kernel without openat2.</summary>
    internal bool WalksSegments { get; set; }

    /// <summary>Opens the folder at a path; links on the way to it are followed.</summary>
    /// <exception cref="AioSystemException">ENOENT, ENOTDIR, EACCES …</exception>
    public static Folder Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SyscallTable.EnsureSupported();
        var handle = FileSyscalls.TryOpen(path, FileSyscalls.ORdOnly | FolderSyscalls.Directory, out var errno) ??
            throw new AioSystemException(errno, "open", path);
        return Of(handle, path);
    }

    /// <summary>Opens a folder below.</summary>
    /// <exception cref="AioSystemException">ENOENT, ENOTDIR, ELOOP, EXDEV …</exception>
    public Folder OpenFolder(string name) => Of(
        TryOpen(name, FileSyscalls.ORdOnly | FolderSyscalls.Directory, out var errno) ??
            throw new AioSystemException(errno, "open", NameOf(name)),
        NameOf(name));

    /// <summary>open(2) of a name below.</summary>
    /// <returns>Null: <paramref name="errno"/> says why; ELOOP for a symbolic link, EXDEV for another file system or <c>..</c>.</returns>
    public SafeFileHandle? TryOpen(string name, int flags, out Errno errno)
    {
        if (!WalksSegments)
        {
            var handle = FolderSyscalls.TryOpenBeneath(_handle, name, flags, out errno);
            if (errno is not (Errno.ENOSYS or Errno.EPERM))
            {
                return handle;
            }
        }

        return TryWalk(name, flags, out errno);
    }

    /// <summary>Makes the folders that a name needs above it; each is durable when this returns.</summary>
    public void MakeFolders(string name)
    {
        var end = name.IndexOf(Separator, StringComparison.Ordinal);
        for (; end >= 0; end = name.IndexOf(Separator, end + 1))
        {
            Use(name[..end], (parent, segment, path) =>
            {
                var errno = FolderSyscalls.MakeFolder(parent, segment);
                if (errno == Errno.None)
                {
                    Check(FolderSyscalls.Sync(parent), "fsync", path);
                }
                else if (errno != Errno.EEXIST)
                {
                    throw new AioSystemException(errno, "mkdir", path);
                }
            });
        }
    }

    /// <summary>Removes a name, durably.</summary>
    /// <exception cref="AioSystemException">ENOENT, EISDIR …: nothing has changed. fsync: it is removed, and may be there again after a
    /// crash.</exception>
    public void Delete(string name) => Use(name, (parent, segment, path) =>
    {
        Check(FolderSyscalls.Remove(parent, segment), "unlink", path);
        Check(FolderSyscalls.Sync(parent), "fsync", path);
    });

    /// <summary>Renames within the folder, durably. As for <see cref="Delete"/>, a failed fsync comes after the change.</summary>
    /// <param name="name">What is there.</param>
    /// <param name="newName">What it is called then.</param>
    /// <param name="replace">Whether a file of the new name is replaced; else EEXIST.</param>
    public void Rename(string name, string newName, bool replace = true) => Rename(name, this, newName, replace);

    /// <summary>Renames into another folder, durably.</summary>
    public void Rename(string name, Folder newFolder, string newName, bool replace) => Use(name, (parent, segment, path) =>
        newFolder.Use(newName, (newParent, newSegment, newPath) =>
        {
            Check(FolderSyscalls.Rename(parent, segment, newParent, newSegment, replace), "rename", path);
            Check(FolderSyscalls.Sync(newParent), "fsync", newPath);
            Check(FolderSyscalls.Sync(parent), "fsync", path);
        }));

    /// <summary>fsync(2) of the folder that a name is in.</summary>
    public void SyncParentOf(string name) => Use(name, (parent, _, path) => Check(FolderSyscalls.Sync(parent), "fsync", path));

    /// <summary>fsync(2): the names directly in it are durable.</summary>
    public void Sync() => Check(FolderSyscalls.Sync(_handle), "fsync", Path);

    /// <summary>Another descriptor of the folder.</summary>
    public SafeFileHandle OpenHandle() =>
        FolderSyscalls.TryOpenAt(_handle, ".", FileSyscalls.ORdOnly | FolderSyscalls.Directory, out var errno) ??
        throw new AioSystemException(errno, "open", Path);

    public void Dispose() => _handle.Dispose();

    internal string NameOf(string name) => $"{Path.TrimEnd(Separator)}/{name}";

    private static Folder Of(SafeFileHandle handle, string path)
    {
        var errno = FileSyscalls.Statx((int)handle.DangerousGetHandle(), out var stat);
        if (errno == Errno.None)
        {
            return new Folder(handle, path, stat);
        }

        handle.Dispose();
        throw new AioSystemException(errno, "statx", path);
    }

    private static void Check(Errno errno, string operation, string path)
    {
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, operation, path);
        }
    }

    // The folder that holds a name, and the name's last segment.
    private void Use(string name, Action<SafeFileHandle, string, string> action)
    {
        var last = name.LastIndexOf(Separator);
        if (last < 0)
        {
            action(_handle, name, NameOf(name));
            return;
        }

        using var parent = TryOpen(name[..last], FileSyscalls.ORdOnly | FolderSyscalls.Directory, out var errno) ??
            throw new AioSystemException(errno, "open", NameOf(name));
        action(parent, name[(last + 1)..], NameOf(name));
    }

    private SafeFileHandle? TryWalk(string name, int flags, out Errno errno)
    {
        var segments = name.Split(Separator);
        if (Array.Exists(segments, segment => segment is "" or "." or ".."))
        {
            errno = Errno.EXDEV;
            return null;
        }

        var folder = _handle;
        for (var i = 0; ; i++)
        {
            var isLast = i == segments.Length - 1;
            var handle = FolderSyscalls.TryOpenAt(
                folder, segments[i],
                (isLast ? flags : FileSyscalls.OPath | FolderSyscalls.Directory) | FolderSyscalls.NoFollow, out errno);
            if (folder != _handle)
            {
                folder.Dispose();
            }

            if (handle is null)
            {
                return null;
            }

            errno = FileSyscalls.Statx((int)handle.DangerousGetHandle(), out var stat);
            errno = errno != Errno.None ? errno
                : stat.Identity.Device != _device ? Errno.EXDEV
                : stat.IsSymbolicLink ? Errno.ELOOP // with O_PATH, O_NOFOLLOW opens the link itself
                : Errno.None;
            if (errno != Errno.None)
            {
                handle.Dispose();
                return null;
            }

            if (isLast)
            {
                return handle;
            }

            folder = handle;
        }
    }
}
