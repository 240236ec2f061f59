namespace AkkaAio;

// What we know of the file's end. Length is the user's: moved by answered commands. AllocatedEnd is the file system's: a direct file
// that is appended to is made longer ahead of its writes, and cut back to Length when it is closed.
public sealed partial class AioFile
{
    // fallocate in smaller steps would stop a young file's writer again and again.
    private const long LeastAhead = 64 * 1024;

    private long _length;
    private long _allocatedEnd;
    private long _growAheadFrom = long.MaxValue;

    /// <summary>
    /// Length in bytes: what it was at Open, moved by the writes, SetLength and Allocate commands that have been answered since.
    /// </summary>
    /// <remarks>
    /// While it is open, a direct file that was appended to may be longer on the disk (<c>akka.io.aio.preallocate-ahead</c>): zeros
    /// behind Length, trimmed at Close. After a crash they are still there: a log tells them from records by their content.
    /// </remarks>
    public long Length => Volatile.Read(ref _length);

    /// <summary>Up to here the file system has the file already: writes below it do not extend.</summary>
    internal long AllocatedEnd => Volatile.Read(ref _allocatedEnd);

    /// <summary>
    /// True once, for the first write that comes into the second half of what was allocated ahead: the next growth is to be started
    /// now, so that nobody has to wait for it.
    /// </summary>
    internal bool TakeGrowAhead(long end) =>
        end > Volatile.Read(ref _growAheadFrom) && Interlocked.Exchange(ref _growAheadFrom, long.MaxValue) != long.MaxValue;

    /// <summary>Where reads end: behind Length there may be zeros that are no data.</summary>
    internal long ReadableEnd => AllocatedEnd > Length ? Length : long.MaxValue;

    /// <summary>Home shard: the file has been cut or extended to this length.</summary>
    internal void SetKnownLength(long length)
    {
        Volatile.Write(ref _length, length);
        Volatile.Write(ref _allocatedEnd, length);
        Volatile.Write(ref _growAheadFrom, long.MaxValue);
    }

    /// <summary>Moves the known length up to <paramref name="end"/>; called from several reapers at once.</summary>
    internal void ExtendKnownLength(long end) => Raise(ref _length, end);

    /// <summary>Home shard: blocks up to here are allocated and part of the file.</summary>
    internal void ExtendAllocated(long end) => Raise(ref _allocatedEnd, end);

    /// <summary>
    /// Blocking thread: makes the file reach from <paramref name="from"/> to <paramref name="to"/>, and further if that is likely to
    /// be needed: as much again as the file is long, but <paramref name="mostAhead"/> bytes at most.
    /// </summary>
    /// <exception cref="AioSystemException">ENOSPC, EFBIG, EDQUOT …: the file is as it was.</exception>
    internal void Grow(long from, long to, long mostAhead)
    {
        var end = AllocatedEnd;
        if (to <= end)
        {
            return;
        }

        // Far behind the end: a sparse file on purpose. What lies between stays a hole.
        var ahead = Math.Min(Math.Max(to, LeastAhead), mostAhead);
        var sparse = from > end && from - end > ahead;
        if (ahead > 0 && !sparse && !Aio.IsOpenTwice(Path) && to <= long.MaxValue - ahead && TryExtend(end, to + ahead, out _))
        {
            Volatile.Write(ref _growAheadFrom, to + (ahead / 2));
            return;
        }

        if (!TryExtend(sparse ? from : end, to, out var error))
        {
            throw error!;
        }
    }

    /// <summary>Blocking thread, at Close: cuts off what was allocated ahead and not used, and closes the descriptor.</summary>
    internal void Release()
    {
        try
        {
            // Another open of the same file may have data there.
            if (AllocatedEnd > Length && !IsBlockDevice && !Aio.IsOpenTwice(Path) && Handle.GetLength() == AllocatedEnd)
            {
                Handle.SetLength(Length);
            }
        }
        finally
        {
            Aio.Forget(Path);
            Handle.Dispose();
        }
    }

    private bool TryExtend(long from, long to, out AioSystemException? error)
    {
        error = null;
        try
        {
            Handle.Allocate(from, to - from);
            ExtendAllocated(to);
            return true;
        }
        catch (AioSystemException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            // No fallocate here (NFS, some FUSE): a hole is better than a write that extends.
            Handle.SetLength(to);
            ExtendAllocated(to);
            return true;
        }
        catch (AioSystemException e)
        {
            error = e;
            return false;
        }
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
