namespace AkkaAio.TestKit;

/// <summary>What has been done to one file. Called under the file's own lock, so that the order here is the order of its bytes.</summary>
internal sealed class FileHistory(DiskHistory history, FileState initial)
{
    private const int FileSystemBlock = 4096; // ext4's and XFS's, unless they were made with another

    private readonly List<Change> _changes = [];
    private int _unsettled; // index of the first change that a later flush may still decide
    private long _length = initial.Length;

    public int SectorSize => history.SectorSize;

    /// <summary>What it was when the disk, or the file, was made.</summary>
    public FileState Initial => initial;

    /// <summary>A write is on its way: from now on a cut may leave it, or parts of it.</summary>
    public Change Submitted(long offset, ReadOnlySpan<byte> bytes, PageTable current)
    {
        var sectors = Sectors(offset, bytes, current);
        lock (history.Lock)
        {
            return AddWrite(offset, sectors, history.NextTick(), offset + bytes.Length);
        }
    }

    /// <summary>A write is in the file, which is <paramref name="length"/> bytes long behind it.</summary>
    /// <param name="write">What was submitted.</param>
    /// <param name="offset">Where the bytes begin.</param>
    /// <param name="bytes">What was written of it: all, or the first part.</param>
    /// <param name="current">The file's bytes, with the write.</param>
    /// <param name="length">The file's length, with the write.</param>
    /// <param name="isDsync">It is durable by itself.</param>
    public void Applied(Change write, long offset, ReadOnlySpan<byte> bytes, PageTable current, long length, bool isDsync)
    {
        var sectors = Sectors(offset, bytes, current);
        lock (history.Lock)
        {
            var tick = history.NextTick();
            if (!sectors.AsSpan().SequenceEqual(write.Bytes))
            {
                write.Dropped = tick; // this is what it has become
                write = AddWrite(offset, sectors, tick, offset + bytes.Length);
            }

            write.Applied = tick;
            if (length != _length)
            {
                AddLength(length, tick);
            }

            if (isDsync)
            {
                write.Durable = tick;
                MakeLengthDurable(offset + bytes.Length, tick);
                history.ImagesChange(this, makesDurable: true);
            }
        }
    }

    /// <summary>A write has failed, and is not in the file: it may be on the disk all the same (EIO), or is not.</summary>
    public void Failed(Change write, bool mayHaveHappened)
    {
        lock (history.Lock)
        {
            var tick = history.NextTick();
            write.IsLost = mayHaveHappened;
            if (mayHaveHappened)
            {
                write.Applied = tick;
            }
            else
            {
                write.Dropped = tick;
                history.ImagesChange(this);
            }
        }
    }

    /// <summary>A flush covers what was applied up to the tick that this returns.</summary>
    public int FlushAccepted()
    {
        lock (history.Lock)
        {
            return history.Now;
        }
    }

    /// <summary>
    /// A flush that failed has made nothing durable, nor will a later one: the kernel may have dropped what it could not write, and
    /// reports that once.
    /// </summary>
    public void Flushed(int accepted, bool succeeded)
    {
        lock (history.Lock)
        {
            var tick = history.NextTick();
            for (var i = _unsettled; i < _changes.Count; i++)
            {
                var change = _changes[i];
                if (change.Applied > accepted || change.IsLost || change.IsSettledAt(tick))
                {
                    continue;
                }

                if (succeeded)
                {
                    change.Durable = tick;
                }
                else
                {
                    change.IsLost = change.NewLength is null;
                }
            }

            while (_unsettled < _changes.Count && _changes[_unsettled].IsSettledAt(tick))
            {
                _unsettled++;
            }

            if (succeeded)
            {
                history.ImagesChange(this, makesDurable: true);
            }
        }
    }

    /// <summary>
    /// The file ends elsewhere. What lies between a new end and the end of its block is zeroed too, by a write of its own, which may reach
    /// the disk although the file keeps its length: seen on ext4.
    /// </summary>
    public void LengthSet(long length, PageTable current)
    {
        lock (history.Lock)
        {
            if (length == _length)
            {
                return;
            }

            var tick = history.NextTick();
            if (length < _length)
            {
                var endOfBlock = (length + FileSystemBlock - 1) / FileSystemBlock * FileSystemBlock;
                AddZeros(length, Math.Min(_length, endOfBlock), _length, current, tick);
            }

            AddLength(length, tick);
        }
    }

    /// <summary>A range reads as zeros.</summary>
    public void HolePunched(long from, long end, long length, PageTable current)
    {
        lock (history.Lock)
        {
            AddZeros(from, end, length, current, history.NextTick());
        }
    }

    // Sectors that are only in part in the range are written with what is around it.
    private void AddZeros(long from, long end, long length, PageTable current, int tick)
    {
        if (from >= end)
        {
            return;
        }

        var size = SectorSize;
        var (first, last) = ((from + size - 1) / size * size, (end == length ? end + size - 1 : end) / size * size);
        if (first < last)
        {
            _changes.Add(Change.Hole(first, last - first, tick));
            history.ImagesChange(this);
        }

        foreach (var edge in new[] { from / size * size, end / size * size }.Distinct().Where(edge => edge < end))
        {
            if (edge < first || edge >= last)
            {
                var bytes = new byte[size];
                current.Read(bytes, edge);
                AddWrite(edge, bytes, tick, edge).Applied = tick;
            }
        }
    }

    /// <summary>In the order in which they were submitted. Under the history's lock.</summary>
    internal Change[] CopyChanges() => [.. _changes];

    private Change AddWrite(long offset, byte[] sectors, int tick, long requestEnd)
    {
        var write = Change.Write(offset / history.SectorSize * history.SectorSize, sectors, tick, requestEnd);
        _changes.Add(write);
        history.ImagesChange(this);
        return write;
    }

    private void AddLength(long length, int tick)
    {
        _length = length;
        _changes.Add(Change.Length(length, tick));
        history.ImagesChange(this);
    }

    // The changes of the length that the file needs, to be this long whatever else a cut takes back.
    private void MakeLengthDurable(long end, int tick)
    {
        Change[] pending = [.. _changes.Skip(_unsettled).Where(change => change.NewLength is not null && !change.IsSettledAt(tick))];
        var needed = pending.Length > 0 && DurableLength() < end ? 1 : 0;
        for (var i = 0; i < pending.Length - 1; i++)
        {
            needed = pending[i].NewLength < end ? i + 2 : needed;
        }

        foreach (var change in pending.AsSpan(0, needed))
        {
            change.Durable = tick;
        }
    }

    private long DurableLength() =>
        _changes.FindLast(change => change is { NewLength: not null, Durable: not Change.Never })?.NewLength ?? initial.Length;

    // The sectors that a write touches: what is around it in them is written with it.
    private byte[] Sectors(long offset, ReadOnlySpan<byte> bytes, PageTable current)
    {
        var size = history.SectorSize;
        var (from, end) = (offset / size * size, (offset + bytes.Length + size - 1) / size * size);
        var sectors = new byte[end - from];
        if (end - from > bytes.Length)
        {
            current.Read(sectors, from);
        }

        bytes.CopyTo(sectors.AsSpan((int)(offset - from)));
        return sectors;
    }
}
