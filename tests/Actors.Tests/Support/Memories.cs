using Xunit;

namespace AkkaAio.Tests.Support;

/// <summary>Where the buffers of a vectored command are.</summary>
public enum MemoryKind
{
    /// <summary>Slices of aligned buffers of the pool, each at an aligned address.</summary>
    Aligned,

    /// <summary>Slices of buffers of the pool, one byte off.</summary>
    Misaligned,

    /// <summary>Arrays.</summary>
    Managed,

    /// <summary>Aligned buffers and arrays, in turns.</summary>
    Mixed,
}

/// <summary>Buffers of given lengths, in which no two touch and what lies between is watched.</summary>
public sealed class Memories : IDisposable
{
    private const byte Gap = 0xEE;
    private const int Alignment = AioBuffer.Alignment;

    private readonly AioBuffer _buffer;
    private readonly byte[] _array;
    private readonly List<Memory<byte>> _gaps = [];

    public Memories(AioBufferPool pool, MemoryKind kind, int[] lengths)
    {
        // Sectors side by side in one buffer, so that a thousand of them do not take a thousand pages.
        var step = lengths.Sum(length => Round(length) + 512);
        _buffer = pool.Rent(step + Alignment);
        _buffer.GetSpan().Fill(Gap);
        _array = new byte[step + Alignment];
        _array.AsSpan().Fill(Gap);
        var at = 0;
        foreach (var (index, length) in lengths.Index())
        {
            Memory<byte> whole = kind == MemoryKind.Managed || (kind == MemoryKind.Mixed && index % 2 == 1) ? _array : _buffer.Memory;
            var start = at + (kind == MemoryKind.Misaligned ? 1 : 0);
            All.Add(whole.Slice(start, length));
            at += Round(length) + 512;
            _gaps.Add(whole[(start + length)..at]);
        }
    }

    public List<Memory<byte>> All { get; } = [];

    public IReadOnlyList<ReadOnlyMemory<byte>> ReadOnly => [.. All.Select(memory => (ReadOnlyMemory<byte>)memory)];

    public byte[] Content() => [.. All.SelectMany(memory => memory.ToArray())];

    public void Fill(ReadOnlySpan<byte> content)
    {
        foreach (var memory in All)
        {
            content[..memory.Length].CopyTo(memory.Span);
            content = content[memory.Length..];
        }
    }

    public void AssertGapsAreUntouched() => Assert.All(_gaps, gap => Assert.Equal(-1, gap.Span.IndexOfAnyExcept(Gap)));

    public void Dispose() => _buffer.Dispose();

    private static int Round(int length) => (length + 511) / 512 * 512;
}
