using AkkaAio.Interop.Engines;

namespace AkkaAio.Files;

/// <summary>
/// What we know of a file's end, shared by all of its opens in this system. <see cref="Length"/> is the user's: moved by answered
/// commands. <see cref="AllocatedEnd"/> is the file system's: a direct file that is appended to is made longer ahead of its writes, and
/// cut back to its length when its last writer closes it.
/// </summary>
/// <remarks>
/// What changes the file's end in the file system does so under this object's lock, on blocking threads only: a growth, a cut and an open
/// of the same file cannot come between one another. The figures are read by anyone.
/// </remarks>
internal sealed class FileExtent
{
    // fallocate in smaller steps would stop a young file's writer again and again.
    private const long LeastAhead = 64 * 1024;

    private readonly Lock _lock = new();
    private int _opens;
    private int _writers;
    private long _length;
    private long _allocatedEnd;
    private long _growAheadFrom = long.MaxValue;
    private long _freshFrom;

    /// <summary>Opens of it. The registry's, under its lock.</summary>
    public int References { get; set; }

    public long Length => Volatile.Read(ref _length);

    /// <summary>Up to here the file system has the file already: writes below it do not extend.</summary>
    public long AllocatedEnd => Volatile.Read(ref _allocatedEnd);

    /// <summary>Where reads end: behind Length there may be zeros that are no data.</summary>
    public long ReadableEnd => AllocatedEnd > Length ? Length : long.MaxValue;

    /// <summary>
    /// True once, for the first write that comes into the second half of what was allocated ahead: the next growth is to be started
    /// now, so that nobody has to wait for it.
    /// </summary>
    public bool TakeGrowAhead(long end) =>
        end > Volatile.Read(ref _growAheadFrom) && Interlocked.Exchange(ref _growAheadFrom, long.MaxValue) != long.MaxValue;

    /// <summary>As far as we know, nothing has been written at this offset or behind it.</summary>
    public bool IsFresh(long offset) => offset >= Volatile.Read(ref _freshFrom);

    /// <summary>A write up to here has been answered; called from several reapers at once.</summary>
    public void Written(long end)
    {
        Raise(ref _length, end);
        Raise(ref _freshFrom, end);
    }

    /// <summary>One more open: it may have cut the file, and somebody else may have made it longer.</summary>
    /// <param name="handle">What was opened.</param>
    /// <param name="isEmptied">By the open: what is there now is preallocated.</param>
    public void Opened(IIoFile handle, bool isEmptied)
    {
        lock (_lock)
        {
            var actual = handle.GetLength();
            if (_opens == 0 || actual != AllocatedEnd)
            {
                Set(actual);
            }

            if (isEmptied && !handle.IsBlockDevice)
            {
                Volatile.Write(ref _freshFrom, 0);
            }

            _opens++;
            _writers += handle.Access.HasFlag(FileAccess.Write) ? 1 : 0;
        }
    }

    /// <summary>One open less: the last writer cuts off what was allocated ahead and not used. Closes the descriptor.</summary>
    public void Closed(IIoFile handle)
    {
        lock (_lock)
        {
            _opens--;
            var writes = handle.Access.HasFlag(FileAccess.Write);
            _writers -= writes ? 1 : 0;
            try
            {
                if (writes && _writers == 0 && !handle.IsBlockDevice && AllocatedEnd > Length && handle.GetLength() == AllocatedEnd)
                {
                    handle.SetLength(Length);
                    Set(Length);
                }
            }
            finally
            {
                handle.Dispose();
            }
        }
    }

    /// <summary>ftruncate(2).</summary>
    public void Cut(IIoFile handle, long length)
    {
        lock (_lock)
        {
            var fresh = Math.Min(Volatile.Read(ref _freshFrom), length);
            handle.SetLength(length);
            Set(length);
            Volatile.Write(ref _freshFrom, fresh);
        }
    }

    /// <summary>fallocate(2) for the user: the range becomes part of the file.</summary>
    public void Allocate(IIoFile handle, long offset, long length)
    {
        lock (_lock)
        {
            handle.Allocate(offset, length);
            Raise(ref _length, offset + length);
            Raise(ref _allocatedEnd, offset + length);
        }
    }

    /// <summary>
    /// Makes the file reach from <paramref name="from"/> to <paramref name="to"/>, and further if that is likely to be needed: as much
    /// again as the file is long, but <paramref name="mostAhead"/> bytes at most.
    /// </summary>
    /// <exception cref="AioSystemException">ENOSPC, EFBIG, EDQUOT …: the file is as it was.</exception>
    public void Grow(IIoFile handle, long from, long to, long mostAhead)
    {
        lock (_lock)
        {
            var end = AllocatedEnd;
            if (to <= end)
            {
                return;
            }

            // Far behind the end: a sparse file on purpose. What lies between stays a hole.
            var ahead = Math.Min(Math.Max(to, LeastAhead), mostAhead);
            var sparse = from > end && from - end > ahead;
            if (ahead > 0 && !sparse && to <= long.MaxValue - ahead && TryExtend(handle, end, to + ahead, out _))
            {
                Volatile.Write(ref _growAheadFrom, to + (ahead / 2));
            }
            else if (!TryExtend(handle, sparse ? from : end, to, out var error))
            {
                throw error!;
            }
        }
    }

    private bool TryExtend(IIoFile handle, long from, long to, out AioSystemException? error)
    {
        error = null;
        try
        {
            handle.Allocate(from, to - from);
        }
        catch (AioSystemException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            handle.SetLength(to); // no fallocate here (NFS, some FUSE): a hole is better than a write that extends
        }
        catch (AioSystemException e)
        {
            error = e;
            return false;
        }

        Raise(ref _allocatedEnd, to);
        return true;
    }

    private void Set(long length)
    {
        Volatile.Write(ref _length, length);
        Volatile.Write(ref _allocatedEnd, length);
        Volatile.Write(ref _growAheadFrom, long.MaxValue);
        Volatile.Write(ref _freshFrom, length);
    }

    private static void Raise(ref long value, long to)
    {
        var seen = Volatile.Read(ref value);
        while (to > seen)
        {
            var before = Interlocked.CompareExchange(ref value, to, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
