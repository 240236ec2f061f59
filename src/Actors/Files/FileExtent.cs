using AkkaAio.Interop.Engines;

namespace AkkaAio.Files;

/// <summary>
/// What we know of a file's end, shared by all of its opens in this process. <see cref="Length"/> is the user's: moved by answered
/// commands. <see cref="AllocatedEnd"/> is the file system's: a direct file is made longer before the writes that extend it
/// (<c>FileExtent.Growth.cs</c>), and what of that was not written is taken back (<c>FileExtent.Tail.cs</c>).
/// </summary>
/// <remarks>
/// What changes the file's end in the file system, other than by writing, does so under this object's lock, on blocking threads only: a
/// growth, a cut and an open of the same file cannot come between one another. The figures are read by anyone.
/// </remarks>
internal sealed partial class FileExtent
{
    private readonly Lock _lock = new();
    private readonly List<OpenFile> _opens = [];
    private long _allocatedEnd;
    private bool _isFlushed;

    // The length and the number of cuts change together. Held for a comparison, never during a system call.
    private readonly Lock _lengthLock = new();
    private long _length;
    private int _cuts;

    // The file may have been cut already while its length here is the old one: what is written meanwhile must be looked at.
    private bool _isCutting;

    /// <summary>Opens of it. The registry's, under its lock.</summary>
    public int References { get; set; }

    public long Length => Volatile.Read(ref _length);

    /// <summary>Up to here the file system has the file already: writes below it do not extend.</summary>
    public long AllocatedEnd => Volatile.Read(ref _allocatedEnd);

    /// <summary>
    /// Changes before and after each cut of the file: a write that was prepared at another number may have been cut off.
    /// </summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>The file is being cut: <see cref="Length"/> may be the old one still.</summary>
    public bool IsCutting => Volatile.Read(ref _isCutting);

    /// <summary>A write up to here is done; called from several reapers at once.</summary>
    /// <param name="end">Where it ended.</param>
    /// <param name="cuts"><see cref="Cuts"/> when it was prepared.</param>
    /// <returns>False: the file was cut since, and only <see cref="WrittenAroundCut"/> can tell whether the write is still there.</returns>
    public bool Written(long end, int cuts)
    {
        if (end <= Length && cuts == Cuts && !Volatile.Read(ref _isCutting))
        {
            return true;
        }

        lock (_lengthLock)
        {
            if (cuts != _cuts || _isCutting)
            {
                return false;
            }

            _length = Math.Max(_length, end);
            return true;
        }
    }

    /// <summary>Blocks. A write up to here is done, and the file was cut while it was under way: looks what is left of it.</summary>
    public void WrittenAroundCut(IIoFile handle, long end)
    {
        lock (_lock)
        {
            var actual = handle.GetLength();
            var left = HasGrown ? handle.FindEndOfData(Length) ?? actual : actual; // it may have been made longer again since
            lock (_lengthLock)
            {
                _length = Math.Max(_length, Math.Min(end, left));
            }

            Raise(ref _allocatedEnd, Math.Min(end, actual));
        }
    }

    /// <summary>What was written before is on stable storage: so must be the file's end when it is closed.</summary>
    public void Flushed() => Volatile.Write(ref _isFlushed, true);

    /// <summary>One more open: it may have cut the file, and somebody else may have made it longer.</summary>
    /// <param name="file">What was opened.</param>
    /// <param name="isEmptied">By the open: what is there now is preallocated.</param>
    public void Opened(OpenFile file, bool isEmptied)
    {
        lock (_lock)
        {
            var actual = file.Handle.GetLength();
            if (_opens.Count > 0 && !isEmptied && actual > AllocatedEnd)
            {
                GrownByOthers(actual); // or by buffered writes of ours
            }
            else if (_opens.Count == 0 || isEmptied || actual < AllocatedEnd)
            {
                if (isEmptied)
                {
                    CutBegins();
                }

                Set(actual);
            }

            _opens.Add(file);
            _growsAhead = true;
        }
    }

    /// <summary>Blocks. Another process may have made the file longer or shorter.</summary>
    public void Refresh(IIoFile handle)
    {
        lock (_lock)
        {
            var known = Length; // before the look: a write of another open that is answered meanwhile makes both longer
            var actual = handle.GetLength();
            if (actual < known || actual < AllocatedEnd)
            {
                Set(actual);
            }
            else if (actual > AllocatedEnd)
            {
                GrownByOthers(actual); // or by buffered writes of ours
            }
        }
    }

    /// <summary>One open less. Takes the unwritten tail back if nothing is under way, and closes the descriptor.</summary>
    public void Closed(OpenFile file)
    {
        lock (_lock)
        {
            _opens.Remove(file);
            try
            {
                TakeTailBackOf(file);
            }
            finally
            {
                file.Handle.Dispose();
            }
        }
    }

    /// <summary>ftruncate(2).</summary>
    public void Cut(IIoFile handle, long length)
    {
        lock (_lock)
        {
            CutBegins();
            try
            {
                handle.SetLength(length);
            }
            catch
            {
                Set(Length, AllocatedEnd);
                throw;
            }

            Set(length);
        }
    }

    /// <summary>fallocate(2) for the user: the range becomes part of the file.</summary>
    public void Allocate(IIoFile handle, long offset, long length)
    {
        lock (_lock)
        {
            handle.Allocate(offset, length);
            lock (_lengthLock)
            {
                _length = Math.Max(_length, offset + length);
            }

            Raise(ref _allocatedEnd, offset + length);
        }
    }

    // All of it is theirs: zeros before it are a hole like any other. A write of ours that is just being answered may go further.
    private void GrownByOthers(long actual)
    {
        lock (_lengthLock)
        {
            _length = Math.Max(_length, actual);
        }

        Raise(ref _allocatedEnd, actual);
    }

    // Until Set: what is answered meanwhile is looked at.
    private void CutBegins()
    {
        lock (_lengthLock)
        {
            Volatile.Write(ref _isCutting, true);
            _cuts++;
        }
    }

    private void Set(long length) => Set(length, length);

    private void Set(long length, long allocatedEnd)
    {
        lock (_lengthLock)
        {
            _cuts++;
            _length = length;
            _isCutting = false;
        }

        Volatile.Write(ref _allocatedEnd, allocatedEnd);
        Volatile.Write(ref _growAheadFrom, long.MaxValue);
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
