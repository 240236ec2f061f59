using Akka.Event;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Files;

// The tail: what the file was made longer by and nobody has written yet, from Length to AllocatedEnd. Zeros, as far as we know; another
// process may have written there without changing the file's length.
internal sealed partial class FileExtent
{
    // A growth or another look that takes longer than this: the caller's knowledge must do.
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);

    private string? _tailLeft;

    /// <summary>
    /// Blocks. Up to where a read may go that our knowledge has cut short: behind it too, if somebody else has written there.
    /// </summary>
    /// <param name="handle">The file.</param>
    /// <param name="known">What the read was bounded by.</param>
    public long FindReadableEnd(IIoFile handle, long known)
    {
        if (!_lock.TryEnter(LongestLook))
        {
            return known;
        }

        try
        {
            var actual = handle.GetLength();
            if (actual <= AllocatedEnd)
            {
                var tail = Length;
                return Math.Max(known, actual <= tail ? actual : (_tellsData ? handle.FindEndOfData(tail) : null) ?? tail);
            }

            GrownByOthers(actual);
            return actual;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>What ends there is in the tail or behind it.</summary>
    public bool MayBeCutAt(long end) => HasGrown && end > Length;

    /// <summary>
    /// Blocks. For a buffered write behind Length: it waits for no growth, so it must not come between the look at the tail and its cut.
    /// </summary>
    public Lock.Scope BetweenCuts() => _lock.EnterScope();

    /// <summary>Blocks. Takes back what the file was made longer by, if no write of any open is under way.</summary>
    public void TakeTailBack(OpenFile file)
    {
        lock (_lock)
        {
            if (_opens.Contains(file)) // else it has been closed meanwhile, which has done it
            {
                TakeTailBackOf(file);
            }
        }
    }

    private void TakeTailBackOf(OpenFile file)
    {
        var tailEnd = AllocatedEnd;
        if (tailEnd <= Length || file.Handle.IsBlockDevice || !HasGrown || !file.Handle.Access.HasFlag(FileAccess.Write))
        {
            return;
        }

        // From here on a write into the tail waits for the next growth (FileGrowth.TryStart): then those that count must be seen.
        Volatile.Write(ref _allocatedEnd, Length);
        Interlocked.MemoryBarrier();
        if (_opens.Exists(open => open.HasWrites))
        {
            Volatile.Write(ref _allocatedEnd, tailEnd);
            LeaveTailToWriters();
            return;
        }

        var error = AioExt.ErrorOf(() => CutTail(file.Handle, tailEnd));
        if (error is not null)
        {
            Raise(ref _allocatedEnd, tailEnd);
            _tailLeft = error.Message; // EPERM of a sealed or immutable file, EIO …
        }

        if (_tailLeft is { } why)
        {
            _tailLeft = null;
            file.Log.Warning(
                "{Path} stays longer than what was written to it here: {Bytes} instead of {Written} bytes, because {Reason}",
                file.Path, AllocatedEnd, Length, why);
        }
    }

    // Whose writes are under way takes it back behind them. To one that grows ahead the tail is its own, until it closes.
    private void LeaveTailToWriters()
    {
        if (!_opens.Exists(open => open.File is { GrowAhead: > 0 }))
        {
            _opens.ForEach(open => open.TellOfTail());
        }
    }

    private void CutTail(IIoFile handle, long tailEnd)
    {
        var (length, end) = (Length, handle.GetLength());
        if (end != tailEnd)
        {
            // Somebody else has cut it, or made it longer: then all of it is theirs.
            _tailLeft = end > tailEnd ? $"somebody else has made it {end} bytes long" : null;
            Set(end);
            return;
        }

        if (handle.FindEndOfData(length) is not { } endOfData)
        {
            Raise(ref _allocatedEnd, tailEnd);
            _tailLeft = "the file system does not tell what of it has been written";
            return;
        }

        // Between the look and the cut another process could write: a window of two system calls.
        if (endOfData < tailEnd)
        {
            handle.SetLength(endOfData);
        }

        if (endOfData > length)
        {
            _tailLeft = "somebody else has written there";
            Set(endOfData);
        }

        Volatile.Write(ref _growAheadFrom, long.MaxValue);
        if (endOfData < tailEnd && Volatile.Read(ref _isFlushed))
        {
            handle.DataSync(); // a power cut must not bring the tail back behind what has been flushed
        }
    }
}
