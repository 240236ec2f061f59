using AkkaAio.Benchmarks.Null;
using AkkaAio.Demo.Files;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.IoUring;
using AkkaAio.Interop.Engines.LinuxAio;
using AkkaAio.Interop.Engines.PosixAio;
using AkkaAio.Interop.Engines.ThreadPool;
using AkkaAio.TestKit;

namespace AkkaAio.Interop.Tests;

/// <summary>An engine with files and memory: what holds for one must hold for the other.</summary>
public abstract class EngineRig : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private protected EngineRig(IIoEngine engine) => Engine = engine;

    /// <summary>Alignment that direct files of every rig accept.</summary>
    public const int Block = AioBuffer.Alignment;

    internal IIoEngine Engine { get; }

    public AioBufferPool Pool { get; } = new(64 << 20);

    public abstract string PathOf(string name);

    internal IIoContext Context(int depth) => Own(Engine.CreateContext(depth));

    /// <summary>For completions: outlives the contexts, which may signal to their end.</summary>
    internal EventFd Signal() => Own(new EventFd(blocking: false));

    /// <summary>A new file with this content.</summary>
    internal IIoFile File(
        byte[] content, FileAccess access = FileAccess.ReadWrite, DirectIo direct = DirectIo.Required, string name = "file")
    {
        var path = PathOf(name);
        using (var file = Engine.Open(path, new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, DirectIo.Off)))
        {
            Assert.Equal(content.Length, file.Write(content, 0, dataSync: false));
        }

        return Own(Engine.Open(path, new IoFileOptions(FileMode.Open, access, direct)));
    }

    /// <summary>A buffer full of <paramref name="fill"/>.</summary>
    public AioBuffer Buffer(int length = Block, byte fill = 0)
    {
        var buffer = Pool.Rent(length);
        buffer.GetSpan().Fill(fill);
        _owned.Add(buffer);
        return buffer;
    }

    public byte[] Content(string name = "file")
    {
        using var file = Engine.Open(PathOf(name), new IoFileOptions(Direct: DirectIo.Off));
        var bytes = new byte[file.GetLength()];
        Assert.Equal(bytes.Length, file.Read(bytes, 0));
        return bytes;
    }

    /// <summary>What is read next of it comes from the device, where there is one.</summary>
    public virtual void DropCache(string name)
    {
    }

    public virtual void Dispose()
    {
        // Contexts before the memory and the files that they may still use.
        foreach (var owned in _owned.OrderBy(owned => owned is not IIoContext))
        {
            owned.Dispose();
        }

        Pool.Dispose();
        GC.SuppressFinalize(this);
    }

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _owned.Add(disposable);
        return disposable;
    }
}

/// <summary>An engine that works on real files.</summary>
internal abstract class FolderRig(IIoEngine engine) : EngineRig(engine)
{
    private readonly TempFolder _folder = new();

    public override string PathOf(string name) => _folder[name];

    public override void DropCache(string name) => PageCache.Drop(PathOf(name));

    public override void Dispose()
    {
        base.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}

internal sealed class LinuxAioRig() : FolderRig(new LinuxAioEngine());

internal sealed class IoUringRig() : FolderRig(new IoUringEngine());

internal sealed class ThreadPoolRig() : FolderRig(new ThreadPoolEngine());

/// <summary>Threads, and files as they are where there is no Linux: never direct.</summary>
internal sealed class PortableRig() : FolderRig(new ThreadPoolEngine { IsPortable = true });

internal sealed class PosixAioRig() : FolderRig(new PosixAioEngine());

internal sealed class NullRig() : FolderRig(new NullEngine());

internal sealed class MemoryRig() : EngineRig(new MemoryEngine())
{
    public MemoryEngine Memory => (MemoryEngine)Engine;

    public override string PathOf(string name) => "/" + name;
}
