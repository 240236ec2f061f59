using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary>
/// glibc's <c>aio_*64</c>, found at run time: in librt before 2.34, in libc since, and in musl with another control block under other
/// names. Each takes addresses of <see cref="Aiocb"/>s and returns what glibc returns; an errno is in
/// <see cref="Marshal.GetLastSystemError"/>, to be read at once.
/// </summary>
internal unsafe class PosixAioLibrary
{
    /// <summary>What <see cref="Error"/> returns while the operation is in flight.</summary>
    public const int EInProgress = 115;

    /// <summary>Operations on different files that glibc performs at once, besides one wait a context.</summary>
    private const int Threads = 20;

    private const int ODSync = 0x1000;

    private readonly delegate* unmanaged<Aiocb*, int> _read;
    private readonly delegate* unmanaged<Aiocb*, int> _write;
    private readonly delegate* unmanaged<int, Aiocb*, int> _fsync;
    private readonly delegate* unmanaged<Aiocb*, int> _error;
    private readonly delegate* unmanaged<Aiocb*, nint> _return;
    private readonly delegate* unmanaged<Aiocb**, int, Timespec*, int> _suspend;

    /// <summary>None of glibc's. For tests, which say what it does.</summary>
    protected PosixAioLibrary()
    {
    }

    private PosixAioLibrary(nint library)
    {
        _read = (delegate* unmanaged<Aiocb*, int>)NativeLibrary.GetExport(library, "aio_read64");
        _write = (delegate* unmanaged<Aiocb*, int>)NativeLibrary.GetExport(library, "aio_write64");
        _fsync = (delegate* unmanaged<int, Aiocb*, int>)NativeLibrary.GetExport(library, "aio_fsync64");
        _error = (delegate* unmanaged<Aiocb*, int>)NativeLibrary.GetExport(library, "aio_error64");
        _return = (delegate* unmanaged<Aiocb*, nint>)NativeLibrary.GetExport(library, "aio_return64");
        _suspend = (delegate* unmanaged<Aiocb**, int, Timespec*, int>)NativeLibrary.GetExport(library, "aio_suspend64");

        // glibc takes it only before its first operation; where another part of the process was first, its default of 20 threads stays.
        var init = new AioInit { Threads = Threads + MaxContexts, Num = 64 };
        ((delegate* unmanaged<AioInit*, void>)NativeLibrary.GetExport(library, "aio_init"))(&init);
    }

    /// <summary>
    /// Contexts at once in this process. Each keeps one of glibc's threads waiting for its Wake: as many contexts as threads, and no
    /// operation would ever run. Below glibc's default of 20.
    /// </summary>
    public static int MaxContexts => 16;

    /// <summary>The library, or null with the reason.</summary>
    public static (PosixAioLibrary? Library, string? WhyNot) Current { get; } = Load();

    public virtual int Read(nint block) => _read((Aiocb*)block);

    public virtual int Write(nint block) => _write((Aiocb*)block);

    public virtual int DataSync(nint block) => _fsync(ODSync, (Aiocb*)block);

    public virtual int Error(nint block) => _error((Aiocb*)block);

    public virtual nint Return(nint block) => _return((Aiocb*)block);

    public virtual int Suspend(nint blocks, int count, nint timeout) => _suspend((Aiocb**)blocks, count, (Timespec*)timeout);

    private static (PosixAioLibrary? Library, string? WhyNot) Load()
    {
        if (!OperatingSystem.IsLinux())
        {
            return (null, $"POSIX AIO is used on Linux only, and this is {RuntimeInformation.OSDescription}");
        }

        if (!NativeLibrary.TryLoad("libc.so.6", out var libc) || !NativeLibrary.TryGetExport(libc, "gnu_get_libc_version", out _))
        {
            return (null, "POSIX AIO needs glibc, and this process runs on another C library (musl?); choose another akka.io.aio.engine");
        }

        try
        {
            var isInLibc = NativeLibrary.TryGetExport(libc, "aio_suspend64", out _);
            return (new PosixAioLibrary(isInLibc ? libc : NativeLibrary.Load("librt.so.1")), null);
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return (null, $"this glibc has no POSIX AIO ({e.Message}); choose another akka.io.aio.engine");
        }
    }

    /// <summary><c>struct aioinit</c>. 32 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 32)]
    private struct AioInit
    {
        public int Threads;
        public int Num;
    }
}
