using System.Globalization;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Folders;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Files;

// open(2) in steps, so that an open that is refused has changed nothing:
//
//   O_PATH, and look what it is ──► open what was looked at ──► lock it ──► can it do direct I/O? ──► room for PreallocationSize
//   ──► make it empty
//
// O_PATH opens nothing: a FIFO does not wait for its other end, and its writer never sees a reader that goes away again. The second open
// waits for a lease (F_SETLEASE) to be given back, as every other program does.
internal sealed partial class LinuxFile
{
    // Somebody may make or remove the file between our calls; not that often.
    private const int MaxAttempts = 100;

    /// <summary>Opens <paramref name="path"/>. Blocks like any open(2).</summary>
    /// <exception cref="AioSystemException">The kernel refuses, or the path is a folder (EISDIR).</exception>
    /// <exception cref="AioArgumentException">The options contradict each other, or the path is no file and no block device.</exception>
    public static LinuxFile Open(string path, IoFileOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        SyscallTable.EnsureSupported();
        options.Check(path);
        var (handle, stat, isNew) = OpenOrCreate(path, options);
        try
        {
            return FromHandle(handle, path, options, stat, isNew);
        }
        catch
        {
            if (isNew)
            {
                RemoveIfOurs(path, options.Below, stat.Identity);
            }

            handle.Dispose();
            throw;
        }
    }

    // Buffered where it is new, direct where that is wanted and possible else.
    private static (SafeFileHandle Handle, StatxBuffer Stat, bool IsNew) OpenOrCreate(string path, IoFileOptions options)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            using var place = TryOpen(path, options.Below, FileSyscalls.OPath, out var errno);
            if (place is not null)
            {
                if (OpenExisting(place, path, options, out var stat) is { } handle)
                {
                    return (handle, stat, false);
                }

                continue;
            }

            if (errno != Errno.ENOENT || !options.Creates)
            {
                throw new AioSystemException(errno, "open", path);
            }

            // O_EXCL: only then is it ours to remove again. It fails on a link that leads nowhere, where open(2) would make its target.
            var flags = AccessFlag(options) | FileSyscalls.OCreat;
            var created = TryOpen(path, options.Below, flags | FileSyscalls.OExcl, out errno, options.UnixCreateMode);
            if (created is not null)
            {
                return (created, StatOf(created, path), true);
            }

            if (errno != Errno.EEXIST)
            {
                throw new AioSystemException(errno, "open", path);
            }

            if (options.Mode != FileMode.CreateNew && options.Below is null && new FileInfo(path).LinkTarget is not null)
            {
                FileSyscalls.TryOpen(path, flags | FileSyscalls.ONonBlock, out errno, options.UnixCreateMode)?.Dispose();
                if (errno != Errno.None)
                {
                    throw new AioSystemException(errno, "open", path);
                }
            }
            else if (options.Mode == FileMode.CreateNew)
            {
                throw new AioSystemException(Errno.EEXIST, "open", path);
            }
        }

        throw new AioSystemException(Errno.EAGAIN, "open", path, hint: "it is made and removed again all the time");
    }

    // Null: another file has taken its place.
    private static SafeFileHandle? OpenExisting(SafeFileHandle place, string path, IoFileOptions options, out StatxBuffer stat)
    {
        stat = StatOf(place, path);
        if (options.Mode == FileMode.CreateNew)
        {
            throw new AioSystemException(Errno.EEXIST, "open", path);
        }

        if (stat.IsDirectory)
        {
            throw new AioSystemException(Errno.EISDIR, "open", path);
        }

        if (!stat.IsRegular && !stat.IsBlockDevice)
        {
            throw new AioArgumentException("not a regular file or block device (a pipe, socket or terminal?)", "open", path);
        }

        if (options.Below is not null && (!stat.IsRegular || stat.Links != 1))
        {
            throw new AioArgumentException(
                stat.IsRegular ? $"has {stat.Links} names (hard links), and may have one" : "not a regular file", "open", path);
        }

        var same = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{place.DangerousGetHandle()}");
        var direct = options.Direct == DirectIo.Off ? 0 : FileSyscalls.ODirect;
        var handle = TryOpenDirect(same, direct, out var errno);
        if (handle is null && errno == Errno.ENOENT && !Directory.Exists("/proc/self/fd"))
        {
            // No /proc here: by name, and perhaps another file by now.
            handle = options.Below is null ? TryOpenDirect(path, direct, out errno) : null;
        }

        if (handle is null)
        {
            throw new AioSystemException(errno, "open", path);
        }

        var identity = stat.Identity;
        stat = StatOf(handle, path);
        if (stat.Identity == identity)
        {
            return handle;
        }

        handle.Dispose();
        return null;

        SafeFileHandle? TryOpenDirect(string name, int directFlag, out Errno error)
        {
            var opened = FileSyscalls.TryOpen(name, AccessFlag(options) | directFlag, out error);
            return opened is null && error == Errno.EINVAL && directFlag != 0
                ? FileSyscalls.TryOpen(name, AccessFlag(options), out error) // no O_DIRECT here
                : opened;
        }
    }

    private static LinuxFile FromHandle(
        SafeFileHandle handle, string path, IoFileOptions options, in StatxBuffer stat, bool isNew)
    {
        var fd = (int)handle.DangerousGetHandle();
        Lock(handle, path, options.Lock);
        Share(handle, path, options.Share);

        // EINVAL of F_SETFL: no O_DIRECT here. Null also where the kernel accepts O_DIRECT, but not for this file (ext4 with
        // data=journal, encryption …): I/O would silently be buffered and run inside io_submit.
        var alignment = options.Direct == DirectIo.Off || FileSyscalls.SetFlags(fd, FileSyscalls.ODirect) != Errno.None
            ? null
            : DirectIoAlignment.Of(fd, stat);
        if (alignment is null && options.Direct == DirectIo.Required)
        {
            throw new AioSystemException(Errno.EINVAL, "open", path, hint: "the file system refuses direct I/O (O_DIRECT)");
        }

        if (alignment is null)
        {
            Check(FileSyscalls.SetFlags(fd, 0), "fcntl", path);
        }

        var length = stat.IsBlockDevice ? 0 : options.PreallocationSize;
        var allocates = length > 0 && TryPreallocate(fd, path, stat.Identity, length);
        if (!isNew && !stat.IsBlockDevice && options.Mode is FileMode.Create or FileMode.Truncate)
        {
            // Only now: where there is no room, what is there stays.
            Check(FileSyscalls.Truncate(fd, 0), "ftruncate", path, null, 0);
            _ = allocates && TryPreallocate(fd, path, stat.Identity, length);
        }

        if (length > 0 && !allocates && StatOf(handle, path).Size < length)
        {
            // Without blocks, but as long as promised. What another program appends between these two calls is cut off.
            Check(FileSyscalls.Truncate(fd, length), "ftruncate", path, null, length);
        }

        return new LinuxFile(handle, CanonicalPath(fd, path), options.Access, stat, alignment);
    }

    // Before anything of the file is changed.
    private static void Lock(SafeFileHandle handle, string path, FileLockMode mode)
    {
        var errno = mode == FileLockMode.None ? Errno.None : LockSyscalls.TryLock(handle, mode == FileLockMode.Exclusive);
        if (errno != Errno.None)
        {
            throw new AioSystemException(
                errno, "fcntl(F_OFD_SETLK)", path,
                hint: errno is Errno.EAGAIN or Errno.EACCES ? $"another open of the file has a lock that does not go with {mode}" : null);
        }
    }

    // As the BCL does on Unix, so that the two go together: None is a lock of one's own, everything else a shared one.
    private static void Share(SafeFileHandle handle, string path, FileShare? share)
    {
        var errno = share is null ? Errno.None : LockSyscalls.TryFlock(handle, exclusive: share == FileShare.None);
        if (errno != Errno.None)
        {
            throw new AioSystemException(
                errno, "flock", path,
                hint: errno == Errno.EAGAIN ? $"another open of the file does not go with FileShare.{share}" : null);
        }
    }

    private static SafeFileHandle? TryOpen(
        string path, Folder? below, int flags, out Errno errno, UnixFileMode? mode = null) =>
        below is null ? FileSyscalls.TryOpen(path, flags, out errno, mode) : below.TryOpen(path, flags, out errno);

    // False: the file system cannot.
    private static bool TryPreallocate(int fd, string path, FileIdentity file, long length)
    {
        var errno = Preallocation.Allocate(fd, file, opens: 0, 0, length);
        if (errno == Errno.EOPNOTSUPP)
        {
            return false;
        }

        Check(errno, "fallocate", path, 0, length);
        return true;
    }

    private static int AccessFlag(IoFileOptions options) => options.Access switch
    {
        FileAccess.Read => FileSyscalls.ORdOnly,
        FileAccess.Write => FileSyscalls.OWrOnly,
        _ => FileSyscalls.ORdWr,
    };

    private static StatxBuffer StatOf(SafeFileHandle handle, string path)
    {
        Check(FileSyscalls.Statx((int)handle.DangerousGetHandle(), out var stat), "statx", path);
        return stat;
    }

    // What the kernel calls it: links resolved, so that all names of a file go to one shard.
    private static string CanonicalPath(int fd, string path) =>
        File.ResolveLinkTarget($"/proc/self/fd/{fd}", returnFinalTarget: false)?.FullName ?? System.IO.Path.GetFullPath(path);

    // The name may be another file's by now, and somebody else may have written to ours.
    private static void RemoveIfOurs(string path, Folder? below, FileIdentity created)
    {
        try
        {
            using var place = TryOpen(path, below, FileSyscalls.OPath, out _);
            if (place is null || StatOf(place, path) is not { Size: 0 } stat || stat.Identity != created)
            {
                return;
            }

            if (below is null)
            {
                File.Delete(path);
            }
            else
            {
                below.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays, empty: why the open was refused is what its caller has to know.
        }
    }
}
