namespace AkkaAio.TestKit;

/// <summary>A file as a power cut has left it. Any thread may read it.</summary>
public sealed class CrashFile
{
    private static readonly byte[] Zeros = new byte[PageTable.PageSize];

    private readonly LengthChoice _choice;
    private readonly int[] _versions; // of each undecided sector

    internal CrashFile(LengthChoice choice, int[] versions) => (_choice, _versions) = (choice, versions);

    /// <summary>In bytes.</summary>
    public long Length => _choice.Length;

    /// <summary>
    /// The bytes from an offset on, as far as the file goes: a view of the image, without a copy, where they lie in one page of 4096 bytes;
    /// otherwise a copy.
    /// </summary>
    /// <param name="offset">In bytes; at or behind the end the span is empty.</param>
    /// <param name="length">The most that is read, in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative.</exception>
    public ReadOnlySpan<byte> Read(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var count = (int)Math.Clamp(Length - offset, 0, length);
        var start = (int)(offset % PageTable.PageSize);
        if (count <= PageTable.PageSize - start)
        {
            var (bytes, from) = PageAt(offset / PageTable.PageSize);
            return (bytes ?? Zeros).AsSpan(from + start, count);
        }

        var copy = GC.AllocateUninitializedArray<byte>(count);
        Read(copy, offset);
        return copy;
    }

    /// <summary>Copies the bytes from an offset on.</summary>
    /// <returns>How many there were: fewer than asked for at the end of the file, 0 behind it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative.</exception>
    public int Read(Span<byte> destination, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var count = (int)Math.Clamp(Length - offset, 0, destination.Length);
        for (var done = 0; done < count;)
        {
            var at = offset + done;
            var start = (int)(at % PageTable.PageSize);
            var some = Math.Min(count - done, PageTable.PageSize - start);
            var (bytes, from) = PageAt(at / PageTable.PageSize);
            (bytes ?? Zeros).AsSpan(from + start, some).CopyTo(destination[done..]);
            done += some;
        }

        return count;
    }

    /// <summary>A copy of all bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        Read(bytes, 0);
        return bytes;
    }

    internal LengthChoice Choice => _choice;

    internal SectorVersion VersionOf(int sector) => _choice.Sectors[sector].Versions[_versions[sector]];

    /// <summary>What a disk has that begins with this file.</summary>
    internal FileState ToState()
    {
        var (table, dataEnd) = (_choice.Base.Base.Clone(), Math.Min(_choice.Base.DataEnd, Length));
        table.Zero(Length, long.MaxValue);
        for (var i = 0; i < _versions.Length; i++)
        {
            var (bytes, at) = (new byte[_choice.SectorSize], _choice.Sectors[i].Sector * _choice.SectorSize);
            var version = VersionOf(i);
            version.CopyTo(bytes);
            table.Write(bytes.AsSpan(0, (int)Math.Min(bytes.Length, Length - at)), at);
            dataEnd = version.Bytes is null ? dataEnd : Math.Max(dataEnd, Math.Min(at + version.Keep, Length));
        }

        return new FileState(table, Length, dataEnd, 0, 0);
    }

    // A page with sectors that are not the durable ones is put together at each call: most are read once.
    private (byte[]? Bytes, int From) PageAt(long page)
    {
        var (first, count) = _versions.Length == 0 ? default : _choice.SectorsOf(page);
        var durable = _choice.Base.Base.PageAt(page);
        if (count == 0)
        {
            return durable;
        }

        var bytes = new byte[PageTable.PageSize];
        durable.Bytes.AsSpan(durable.From, durable.Bytes is null ? 0 : bytes.Length).CopyTo(bytes);
        for (var i = first; i < first + count; i++)
        {
            var start = (int)(_choice.Sectors[i].Sector * _choice.SectorSize % bytes.Length);
            VersionOf(i).CopyTo(bytes.AsSpan(start, _choice.SectorSize));
        }

        return (bytes, 0);
    }
}
