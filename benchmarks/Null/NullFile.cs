using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Benchmarks.Null;

/// <summary>A real file that is never read or written. Always direct, so that no operation takes the way of buffered files.</summary>
internal sealed class NullFile(LinuxFile file) : IIoFile
{
    public string Path => file.Path;

    public FileIdentity Identity => file.Identity;

    public int Descriptor => file.Descriptor;

    public FileAccess Access => file.Access;

    public bool IsDirect => true;

    public bool IsBlockDevice => file.IsBlockDevice;

    public int OffsetAlignment => file.OffsetAlignment;

    public int MemoryAlignment => file.MemoryAlignment;

    public long GetLength() => file.GetLength();

    public void SetLength(long length) => file.SetLength(length);

    public void Allocate(long offset, long length) => file.Allocate(offset, length);

    public int Read(Span<byte> destination, long offset) => destination.Length;

    public int Write(ReadOnlySpan<byte> source, long offset, bool dataSync) => source.Length;

    public void DataSync()
    {
        // Nothing was written.
    }

    public void Dispose() => file.Dispose();
}
