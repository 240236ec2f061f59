using System.Collections.Concurrent;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using AkkaAio.TestKit;

namespace AkkaAio.Tests.Support;

/// <summary>The in-memory engine, which notes every blocking call on a file, and on what thread it is made.</summary>
internal sealed class WatchedEngine : IIoEngine
{
    public sealed record Call(string Name, string Path, string Thread, bool IsPool, bool DataSync);

    public MemoryEngine Inner { get; } = new();

    public ConcurrentQueue<Call> Calls { get; } = new();

    /// <summary>A disk that is full here: fallocate beyond it says ENOSPC, write(2) is short, and behind it says so too.</summary>
    public long Room { get; set; } = long.MaxValue;

    /// <summary>Called with the path when a read has its bytes, before it returns.</summary>
    public Action<string>? OnRead { get; set; }

    public string Name => Inner.Name;

    public (long Free, long Max)? Capacity => Inner.Capacity;

    public long CapacityOf(int depth) => Inner.CapacityOf(depth);

    public IIoContext CreateContext(int depth) => Inner.CreateContext(depth);

    public IIoFile Open(string path, IoFileOptions options)
    {
        Note("open", path);
        return new WatchedFile(this, Inner.Open(path, options));
    }

    private void Note(string call, string path, bool dataSync = false) =>
        Calls.Enqueue(new Call(call, path, Thread.CurrentThread.Name ?? "", Thread.CurrentThread.IsThreadPoolThread, dataSync));

    private sealed class WatchedFile(WatchedEngine engine, IIoFile inner) : IIoFile
    {
        public string Path => inner.Path;

        public FileIdentity Identity => inner.Identity;

        public int Descriptor => inner.Descriptor;

        public FileAccess Access => inner.Access;

        public bool IsDirect => inner.IsDirect;

        public bool IsBlockDevice => inner.IsBlockDevice;

        public int OffsetAlignment => inner.OffsetAlignment;

        public int MemoryAlignment => inner.MemoryAlignment;

        public long GetLength() => inner.GetLength();

        public void SetLength(long length) => Noted("ftruncate").SetLength(length);

        public void Allocate(long offset, long length)
        {
            var file = Noted("fallocate");
            if (offset + length > engine.Room)
            {
                throw new AioSystemException(Errno.ENOSPC, "fallocate", Path, offset, length);
            }

            file.Allocate(offset, length);
        }

        public int Read(Span<byte> destination, long offset)
        {
            var count = Noted("pread").Read(destination, offset);
            engine.OnRead?.Invoke(Path);
            return count;
        }

        public long? FindEndOfData(long from) => inner.FindEndOfData(from);

        public int ReadV(ReadOnlySpan<IoVec> vectors, long offset) => Noted("pread").ReadV(vectors, offset);

        public int Write(ReadOnlySpan<byte> source, long offset, bool dataSync)
        {
            var file = Noted("pwrite", dataSync);
            var fits = (int)Math.Clamp(engine.Room - offset, 0, source.Length);
            return fits > 0 ? file.Write(source[..fits], offset, dataSync)
                : throw new AioSystemException(Errno.ENOSPC, "write", Path, offset, source.Length);
        }

        public int WriteV(ReadOnlySpan<IoVec> vectors, long offset, bool dataSync) =>
            Noted("pwrite", dataSync).WriteV(vectors, offset, dataSync);

        public void DataSync() => Noted("fdatasync").DataSync();

        public void Dispose() => Noted("close").Dispose();

        private IIoFile Noted(string call, bool dataSync = false)
        {
            engine.Note(call, Path, dataSync);
            return inner;
        }
    }
}
