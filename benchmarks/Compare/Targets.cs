using AkkaAio.Demo.Benching;
using AkkaAio.Demo.Files;
using AkkaAio.Demo.Session;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>What the cases run on, made when it is first needed and removed in the end.</summary>
internal sealed class Targets(string filename, long size, bool allowOverwrite) : IDisposable
{
    private const long ZramSize = 256 << 20;
    private const int Few = 16;
    private const int Many = 10_000;
    private const int SmallFile = 64 << 10;

    private readonly Dictionary<Target, (string Path, long Size)> _ready = [];
    private readonly Dictionary<Target, ChildFailedException> _failed = [];
    private readonly Stack<IDisposable> _made = new();

    /// <summary>Path and bytes.</summary>
    /// <exception cref="ChildFailedException">It cannot be had here; says why.</exception>
    public async Task<(string Path, long Size)> GetAsync(Target target, CancellationToken stop)
    {
        if (_failed.TryGetValue(target, out var failure))
        {
            throw failure;
        }

        if (!_ready.TryGetValue(target, out var ready))
        {
            try
            {
                _ready[target] = ready = target switch
                {
                    Target.File => await MakeFileAsync(stop),
                    Target.Zram => MakeZram(),
                    Target.ManyFiles => MakeFolder(Many, SmallFile, stop),
                    Target.FewFiles => MakeFolder(Few, (long)Many / Few * SmallFile, stop),
                    _ => MakeNewFile(),
                };
            }
            catch (ChildFailedException e)
            {
                _failed[target] = e;
                throw;
            }
        }

        return ready;
    }

    public void Dispose()
    {
        while (_made.TryPop(out var made))
        {
            made.Dispose();
        }
    }

    private async Task<(string Path, long Size)> MakeFileAsync(CancellationToken stop)
    {
        var options = new BenchOptions
        {
            Filename = filename,
            Size = size,
            Rw = RwKind.RandRw,
            AllowOverwrite = allowOverwrite,
        };
        var file = BenchFile.Examine(options);
        _made.Push(file);
        await using var session = await AioSession.StartAsync(null, BenchConfig.Overrides(options), BenchConfig.Defaults(options));
        await file.PrepareAsync(session.Aio, movesData: true, stop);
        return (file.Path, file.Size);
    }

    private (string Path, long Size) MakeZram()
    {
        var zram = Zram.Create(ZramSize);
        _made.Push(zram);
        return (zram.Device, ZramSize);
    }

    private (string Path, long Size) MakeNewFile()
    {
        var path = $"{filename}.append";
        _made.Push(new Removal(() => File.Delete(path)));
        return (path, size);
    }

    private (string Path, long Size) MakeFolder(int files, long fileSize, CancellationToken stop)
    {
        var folder = $"{filename}.{files}-files";
        Directory.CreateDirectory(folder);
        _made.Push(new Removal(() => Directory.Delete(folder, recursive: true)));
        var block = new byte[SmallFile];
        for (var i = 0; i < files; i++)
        {
            stop.ThrowIfCancellationRequested();
            var path = Path.Join(folder, $"{i}");
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, preallocationSize: fileSize);
            for (var offset = 0L; offset < fileSize; offset += block.Length)
            {
                Random.Shared.NextBytes(block);
                RandomAccess.Write(file, block, offset);
            }
        }

        foreach (var path in Directory.EnumerateFiles(folder))
        {
            PageCache.Drop(path); // all written first: the disk takes them together
        }

        return (folder, files * fileSize);
    }

    private sealed class Removal(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }
}
