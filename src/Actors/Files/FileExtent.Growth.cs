using AkkaAio.Interop.Engines;

namespace AkkaAio.Files;

/// <summary>The range of a write that needs a longer file.</summary>
internal readonly record struct GrowthRange(long From, long To);

// A file is made longer by fallocate(2), never by ftruncate(2): that would cut off what others have appended.
internal sealed partial class FileExtent
{
    private static readonly Dictionary<GrowthRange, Exception> None = [];

    private long _growAheadFrom = long.MaxValue;
    private bool _growsAhead = true;
    private bool _hasGrown;
    private bool _tellsData;
    private bool _extendsByWriting;

    /// <summary>We have made it longer than what was written: zeros behind what we know need not be data.</summary>
    public bool HasGrown => Volatile.Read(ref _hasGrown);

    /// <summary>The file system has no fallocate: each write extends the file by itself, and blocks for as long.</summary>
    public bool ExtendsByWriting => Volatile.Read(ref _extendsByWriting);

    /// <summary>
    /// True once, for the first write that comes into the second half of what was allocated ahead: the next growth is to be started
    /// now, so that nobody has to wait for it.
    /// </summary>
    public bool TakeGrowAhead(long end) =>
        end > Volatile.Read(ref _growAheadFrom) && Interlocked.Exchange(ref _growAheadFrom, long.MaxValue) != long.MaxValue;

    /// <summary>Makes the file long enough for these writes. What lies between them stays a hole.</summary>
    /// <param name="handle">The file.</param>
    /// <param name="writes">In any order.</param>
    /// <param name="ahead">How many bytes more it may get, if there is room.</param>
    /// <returns>Those that there is no room for: with ENOSPC, EFBIG, EDQUOT ….</returns>
    public IReadOnlyDictionary<GrowthRange, Exception> Grow(IIoFile handle, IEnumerable<GrowthRange> writes, long ahead)
    {
        lock (_lock)
        {
            GrowthRange[] wanted = [.. writes.Where(write => write.To > AllocatedEnd).OrderBy(write => write.From)];
            if (wanted.Length == 0 || ExtendsByWriting)
            {
                return None;
            }

            Volatile.Write(ref _hasGrown, true);
            var end = AllocatedEnd;
            var failed = Extend(handle, wanted, ahead);

            // What has just been allocated is no data: a file system that takes all of it for data cannot tell the two apart. A part may
            // be: another system or process that had allocated it before us has written there.
            _tellsData = _tellsData || (AllocatedEnd > end && TellsData(handle, end, AllocatedEnd));
            return failed;
        }
    }

    private Dictionary<GrowthRange, Exception> Extend(IIoFile handle, GrowthRange[] wanted, long ahead)
    {
        var runs = Merge(wanted);
        if (ahead > 0 && _growsAhead && runs[^1].To <= long.MaxValue - ahead)
        {
            var last = runs[^1];
            if (TryExtend(handle, [.. runs[..^1], last with { To = last.To + ahead }]) is null)
            {
                Volatile.Write(ref _growAheadFrom, last.To + (ahead / 2));
                return None;
            }

            _growsAhead = false; // until the next open: on a full disk each append would try again
        }

        return TryExtend(handle, runs) is null ? None : ExtendEach(handle, wanted);
    }

    private static bool TellsData(IIoFile handle, long from, long to)
    {
        try
        {
            return handle.FindEndOfData(from) < to;
        }
        catch (AioException)
        {
            return false; // the file has grown all the same
        }
    }

    // One that does not fit must not take the others with it.
    private Dictionary<GrowthRange, Exception> ExtendEach(IIoFile handle, GrowthRange[] wanted)
    {
        var failed = new Dictionary<GrowthRange, Exception>();
        foreach (var write in wanted)
        {
            if (TryExtend(handle, [write]) is { } error)
            {
                failed[write] = error;
            }
        }

        return failed;
    }

    // Ascending: the file's end moves behind each range that there is room for.
    private AioException? TryExtend(IIoFile handle, List<GrowthRange> runs)
    {
        foreach (var run in runs)
        {
            var from = Math.Max(run.From, AllocatedEnd);
            if (run.To <= from || ExtendsByWriting)
            {
                continue;
            }

            try
            {
                handle.Allocate(from, run.To - from);
                Raise(ref _allocatedEnd, run.To);
            }
            catch (AioSystemException e) when (e.Errno == Errno.EOPNOTSUPP)
            {
                Volatile.Write(ref _extendsByWriting, true);
            }
            catch (AioException e)
            {
                return e;
            }
        }

        return null;
    }

    private static List<GrowthRange> Merge(GrowthRange[] ascending)
    {
        var runs = new List<GrowthRange>();
        foreach (var write in ascending)
        {
            if (runs.Count > 0 && write.From <= runs[^1].To)
            {
                runs[^1] = runs[^1] with { To = Math.Max(runs[^1].To, write.To) };
            }
            else
            {
                runs.Add(write);
            }
        }

        return runs;
    }
}
