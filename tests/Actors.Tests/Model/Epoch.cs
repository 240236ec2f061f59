namespace AkkaAio.Tests.Model;

/// <summary>Commands that no SetLength or Allocate lies between.</summary>
internal sealed class Epoch(int sectorSize, int sectors)
{
    private readonly List<Entry> _reads = [];
    private readonly List<Entry> _writes = [];
    private readonly List<Entry>[] _writesOf = [.. Enumerable.Range(0, sectors).Select(_ => new List<Entry>())];

    public void Add(Entry entry)
    {
        if (entry is { IsWrite: true, NotPerformed: false })
        {
            _writes.Add(entry);
            for (var sector = entry.Transfer.Offset / sectorSize; sector < entry.End / sectorSize; sector++)
            {
                _writesOf[sector].Add(entry);
            }
        }
        else if (entry.Bytes is not null)
        {
            _reads.Add(entry);
        }
    }

    public Epoch CheckReads(FileState before)
    {
        foreach (var read in _reads)
        {
            CheckLength(read, before);
            var bytes = read.Bytes.AsSpan();
            for (var position = 0; position < bytes.Length;)
            {
                var sector = (int)((read.Transfer.Offset + position) / sectorSize);
                var end = (int)Math.Min(bytes.Length, ((sector + 1L) * sectorSize) - read.Transfer.Offset);
                var rest = bytes[position..end];
                if (!CanSee(read, rest[0], sector, before))
                {
                    History.Fail(
                        read, $"of {read.Transfer.Length} bytes at {read.Transfer.Offset} gave {rest[0]} for byte {position}, which " +
                        "nobody wrote there by then");
                }

                position += History.LengthOfRun(rest);
            }
        }

        return this;
    }

    public FileState After(FileState before)
    {
        var least = _writes.Where(write => write.Succeeded).Select(write => write.End).Append(before.Least).Max();
        var most = _writes.Select(write => write.End).Append(before.Most).Max();
        return new FileState([.. before.Sectors.Select((start, sector) => After(start, sector))], least, most);
    }

    // What a sector may hold once everything is over.
    private HashSet<byte> After(HashSet<byte> start, int sector)
    {
        var here = _writesOf[sector];
        var latest = LatestBefore(here, long.MaxValue);
        HashSet<byte> values = latest < 0 ? [.. start] : [];
        foreach (var write in here.Where(write => write.Over >= latest))
        {
            values.Add(write.StampAt(sector));
        }

        return values;
    }

    private void CheckLength(Entry read, FileState before)
    {
        var (surely, perhaps) = (before.Least, before.Most);
        foreach (var write in _writes)
        {
            surely = write.Succeeded && write.Answered < read.Told ? Math.Max(surely, write.End) : surely;
            perhaps = write.Told < read.Answered ? Math.Max(perhaps, write.End) : perhaps;
        }

        var (offset, length) = (read.Transfer.Offset, read.Transfer.Length);
        if (read.Bytes!.Length < Math.Clamp(surely - offset, 0, length) || read.Bytes.Length > Math.Clamp(perhaps - offset, 0, length))
        {
            History.Fail(read, $"of {length} bytes at {offset} gave {read.Bytes.Length}; the file was {surely} to {perhaps} long");
        }
    }

    private bool CanSee(Entry read, byte value, int sector, FileState before)
    {
        var here = _writesOf[sector];
        var latest = LatestBefore(here, read.Told);
        if (latest < 0 && before.Sectors[sector].Contains(value))
        {
            return true;
        }

        foreach (var write in here)
        {
            if (write.StampAt(sector) == value && write.Told < read.Answered && write.Over >= latest)
            {
                return true;
            }
        }

        return false;
    }

    // When the last of the writes was told that were over by then: what was over before it cannot be seen any more.
    private static long LatestBefore(List<Entry> writes, long time)
    {
        var latest = -1L;
        foreach (var write in writes)
        {
            latest = write.Succeeded && write.Answered < time ? Math.Max(latest, write.Told) : latest;
        }

        return latest;
    }
}
