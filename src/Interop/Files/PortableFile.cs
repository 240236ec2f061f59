using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Folders;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Files;

/// <summary>
/// A file through the BCL alone, for platforms whose system calls we do not know: always buffered. Its descriptor is a number of our
/// own, by which the engine finds it again.
/// </summary>
internal sealed class PortableFile : IIoFile
{
    private static readonly Lock Registry = new();
    private static readonly Dictionary<int, PortableFile> OpenFiles = [];
    private static int s_lastDescriptor;
    private static ulong s_lastIdentity;

    private readonly SafeFileHandle _handle;

    private PortableFile(SafeFileHandle handle, string path, FileAccess access)
    {
        (_handle, Path, Access) = (handle, path, access);
        lock (Registry)
        {
            // There is no inode to ask for: files are told apart by their resolved paths, while one of them is open.
            Identity = OpenFiles.Values.FirstOrDefault(other => other.Path == path)?.Identity ??
                       new FileIdentity(ulong.MaxValue, ++s_lastIdentity);
            Descriptor = ++s_lastDescriptor; // never used again: a late operation must not hit another file
            OpenFiles.Add(Descriptor, this);
        }
    }

    public string Path { get; }

    public FileIdentity Identity { get; }

    public int Descriptor { get; }

    public FileAccess Access { get; }

    public bool IsDirect => false;

    public bool IsBlockDevice => false;

    public int OffsetAlignment => DirectIoAlignment.None.Offset;

    public int MemoryAlignment => DirectIoAlignment.None.Memory;

    /// <summary>The open file of a descriptor; null when it is closed.</summary>
    public static PortableFile? Of(int descriptor)
    {
        lock (Registry)
        {
            return OpenFiles.GetValueOrDefault(descriptor);
        }
    }

    /// <summary>The open file of a path, or one of its own; null: there is no such file.</summary>
    public static NamedFile? Find(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return null;
        }

        lock (Registry)
        {
            var open = OpenFiles.Values.FirstOrDefault(other => other.Path == file.FullName);
            return new NamedFile(open?.Identity ?? new FileIdentity(ulong.MaxValue, ++s_lastIdentity), file.Length);
        }
    }

    /// <summary>Opens <paramref name="path"/>. Blocks.</summary>
    /// <exception cref="AioSystemException">The operating system refuses, or direct I/O is required.</exception>
    /// <exception cref="AioArgumentException">The options contradict each other.</exception>
    public static PortableFile Open(string path, IoFileOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        options.Check(path);
        if (options.Direct == DirectIo.Required)
        {
            throw new AioSystemException(
                Errno.EINVAL, "open", path, hint: "direct I/O needs Linux on x86-64 or arm64; open with Direct = Auto or Off");
        }

        if (options.Lock != FileLockMode.None || options.Below is not null || options.UnixCreateMode is not null)
        {
            throw new AioArgumentException(
                "Lock, UnixCreateMode and names below a folder need Linux on x86-64 or arm64", "open", path);
        }

        if (Directory.Exists(path))
        {
            throw new AioSystemException(Errno.EISDIR, "open", path);
        }

        return Call("open", path, null, null, () =>
        {
            const FileShare AsOnUnix = FileShare.ReadWrite | FileShare.Delete;
            var handle = File.OpenHandle(path, options.Mode, options.Access, options.Share ?? AsOnUnix);
            try
            {
                if (options.PreallocationSize > RandomAccess.GetLength(handle))
                {
                    RandomAccess.SetLength(handle, options.PreallocationSize);
                }

                var real = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? System.IO.Path.GetFullPath(path);
                return new PortableFile(handle, real, options.Access);
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        });
    }

    public long GetLength() => Call("length", Path, null, null, () => RandomAccess.GetLength(_handle));

    public void SetLength(long length) => Call("set length", Path, null, length, () =>
    {
        RandomAccess.SetLength(_handle, length);
        return 0;
    });

    // The BCL allocates only as it creates a file: as long as promised, perhaps without blocks.
    public void Allocate(long offset, long length) => Call("allocate", Path, offset, length, () =>
    {
        if (offset + length > RandomAccess.GetLength(_handle))
        {
            RandomAccess.SetLength(_handle, offset + length);
        }

        return 0;
    });

    public int Read(Span<byte> destination, long offset)
    {
        try
        {
            return RandomAccess.Read(_handle, destination, offset);
        }
        catch (Exception e) when (ErrnoOf(e) is { } errno)
        {
            throw Error(errno, e, "read", Path, offset, destination.Length);
        }
    }

    public int Write(ReadOnlySpan<byte> source, long offset, bool dataSync)
    {
        try
        {
            RandomAccess.Write(_handle, source, offset);
            if (dataSync)
            {
                RandomAccess.FlushToDisk(_handle);
            }

            return source.Length;
        }
        catch (Exception e) when (ErrnoOf(e) is { } errno)
        {
            throw Error(errno, e, "write", Path, offset, source.Length);
        }
    }

    public void DataSync() => Call("flush", Path, null, null, () =>
    {
        RandomAccess.FlushToDisk(_handle);
        return 0;
    });

    public void Dispose()
    {
        lock (Registry)
        {
            OpenFiles.Remove(Descriptor);
        }

        _handle.Dispose();
    }

    private static T Call<T>(string operation, string path, long? offset, long? length, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception e) when (ErrnoOf(e) is { } errno)
        {
            throw Error(errno, e, operation, path, offset, length);
        }
    }

    // The BCL's own words go with it: errno is only the nearest of Linux's.
    private static AioSystemException Error(
        Errno errno, Exception e, string operation, string path, long? offset, long? length) =>
        new(errno, operation, path, offset, length, hint: e.Message);

    /// <summary>Linux's nearest word for what the BCL throws; null for what is no answer of the operating system.</summary>
    internal static Errno? ErrnoOf(Exception e)
    {
        const int ErrorFileExists = unchecked((int)0x80070050);
        const int ErrorDiskFull = unchecked((int)0x80070070);
        return e switch
        {
            AioException => null,
            FileNotFoundException or DirectoryNotFoundException => Errno.ENOENT,
            UnauthorizedAccessException or NotSupportedException => Errno.EACCES,
            PathTooLongException => Errno.ENAMETOOLONG,
            ObjectDisposedException => Errno.EBADF,
            ArgumentException => Errno.EINVAL,
            IOException { HResult: ErrorFileExists or (int)Errno.EEXIST } => Errno.EEXIST,
            IOException { HResult: ErrorDiskFull or (int)Errno.ENOSPC } => Errno.ENOSPC,
            IOException { HResult: (int)Errno.EFBIG } => Errno.EFBIG, // the same on all Unixes
            IOException => Errno.EIO,
            _ => null,
        };
    }
}
