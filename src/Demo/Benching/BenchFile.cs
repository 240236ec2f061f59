using AkkaAio.Cluster.Paths;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Files;
using AkkaAio.Demo.Progress;

namespace AkkaAio.Demo.Benching;

/// <summary>
/// The file or device that is measured. One that was not there is made and, in the end, removed; what was there is never written to
/// without leave.
/// </summary>
/// <remarks>
/// Every test runs on a file of which each byte has been written: a hole or an unwritten extent is read without the device, and a first
/// write into one allocates.
/// </remarks>
internal sealed class BenchFile : IDisposable
{
    private const int LayOutBlock = 1 << 20;
    private const int LayOutDepth = 8;

    private readonly string _path;
    private readonly bool _allowOverwrite;
    private readonly bool _direct;
    private readonly bool _isDevice;
    private readonly bool _isNew;
    private readonly long? _askedSize;
    private bool _made;

    private BenchFile(BenchOptions options, PathStatus? status)
    {
        _path = System.IO.Path.GetFullPath(options.Filename);
        _allowOverwrite = options.AllowOverwrite;
        _direct = options.Direct;
        _isDevice = status?.Kind == PathKind.BlockDevice;
        _isNew = status is null;
        _askedSize = options.Size;
        Size = options.Size ?? (status is { Kind: PathKind.File, Length: var length } && length > 0 ? length : BenchOptions.DefaultSize);
    }

    public string Path => _path;

    /// <summary>Bytes that are used; of a device known only when it is open.</summary>
    public long Size { get; private set; }

    /// <summary>Looks at what is there, and touches nothing.</summary>
    /// <exception cref="DemoException">It may not be used so.</exception>
    public static BenchFile Examine(BenchOptions options)
    {
        var name = options.Filename;
        var errno = PathStatus.TryGet(name, followLink: true, out var status);
        if (errno is not (Errno.None or Errno.ENOENT))
        {
            throw new DemoException(Complaint.Describe(name, errno));
        }

        PathStatus? found = errno == Errno.None ? status : null;
        switch (found)
        {
            case { Kind: PathKind.Folder }:
                throw new DemoException(Complaint.Describe(name, Errno.EISDIR));
            case { Kind: PathKind.Other }:
                throw new DemoException($"{name}: not a regular file or block device (a pipe, socket or terminal?)");
            case { Kind: var kind } when options.Writes && !options.AllowOverwrite:
                throw new DemoException(
                    $"{name}: {(kind == PathKind.BlockDevice ? "a device" : "there already, and not made by this run")}; writing " +
                    "destroys what is in it: say --allow-overwrite if that is meant");
            case { Kind: PathKind.File, Length: 0 } when !options.AllowOverwrite:
                throw new DemoException(
                    $"{name}: empty, there is nothing to read; name a file that is not there, or say --allow-overwrite");
            case { Kind: PathKind.File, Length: var length } when options.Size > length && !options.AllowOverwrite:
                throw new DemoException($"{name}: {length} bytes long, --size asks for {options.Size}");
            default:
                break;
        }

        var file = new BenchFile(options, found);
        if (file.Size < options.Bs)
        {
            throw new DemoException($"{name}: a block of {options.Bs} bytes (--bs) does not fit into {file.Size}");
        }

        return file;
    }

    /// <summary>Makes the file, and sees to it that every byte of it has been written.</summary>
    /// <param name="aio">Whose engine does it.</param>
    /// <param name="movesData">Whether the engine writes at all: with the null engine a length will do.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="DemoException">It has holes and may not be written to.</exception>
    public async Task PrepareAsync(AioExt aio, bool movesData, CancellationToken stop)
    {
        if (_isDevice)
        {
            await using var device = await aio.OpenAsync(_path, cancellationToken: stop);
            Size = _askedSize ?? device.Length;
            if (Size > device.Length)
            {
                throw new DemoException($"{_path}: {device.Length} bytes long, --size asks for {Size}");
            }

            return;
        }

        if (_isNew)
        {
            using var file = new FileStream(_path, FileMode.CreateNew, FileAccess.Write);
            _made = true;
            if (!movesData)
            {
                file.SetLength(Size);
            }
        }

        if (movesData && HasHoles())
        {
            if (!_made && !_allowOverwrite)
            {
                throw new DemoException(
                    $"{_path}: has holes or unwritten extents, which are read without the device; name a file that is not there, or say " +
                    "--allow-overwrite to have it filled");
            }

            var meter = new Meter();
            await ProgressBar.ShowAsync("laying out", meter, async _ =>
            {
                await LayOutAsync(aio, meter, stop);
                return true;
            });
        }

        if (movesData && _direct)
        {
            PageCache.Drop(_path); // direct writes would have to throw out its pages, one by one
        }
    }

    public void Dispose()
    {
        if (_made)
        {
            File.Delete(_path);
        }
    }

    private bool HasHoles() => PageCache.FirstHole(_path) < Size;

    // Random bytes: a device that compresses, or that drops zeros, would flatter itself.
    private async Task LayOutAsync(AioExt aio, Meter meter, CancellationToken stop)
    {
        meter.AddTotal(Size);
        await using var file = await aio.OpenAsync(
            _path, new AioOpenOptions { Access = FileAccess.Write, PreallocationSize = Size }, stop);
        var length = file.Length; // the size, or more where there was more
        var next = -1L;
        await Task.WhenAll(Enumerable.Range(0, LayOutDepth).Select(async _ =>
        {
            using var block = aio.Pool.Rent(LayOutBlock);
            Random.Shared.NextBytes(block.GetSpan());
            for (long offset; (offset = Interlocked.Increment(ref next) * LayOutBlock) < Size;)
            {
                stop.ThrowIfCancellationRequested();
                var count = (int)Math.Min(LayOutBlock, Size - offset);
                await file.WriteAsync(block.Memory[..RoundUp(count, file.OffsetAlignment)], offset, stop);
                meter.AddDone(count);
            }
        }));
        if (file.Length > length)
        {
            await file.SetLengthAsync(length, stop); // direct I/O writes whole blocks only
        }

        await file.FlushAsync(stop);
    }

    private static int RoundUp(int length, int alignment) => (length + alignment - 1) / alignment * alignment;
}
