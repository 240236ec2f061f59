namespace AkkaAio.TestKit;

/// <summary>
/// The bytes of a file of the in-memory engine, shared by all of its opens. With a history, what is done to it is written down there: what
/// of it is durable, a power cut decides.
/// </summary>
internal sealed class MemoryInode(ulong number, FileHistory? history)
{
    private readonly Lock _lock = new();
    private readonly PageTable _pages = history?.Initial.Base.Clone() ?? new PageTable();

    public ulong Number => number;

    public FileHistory? History => history;

    public long Length { get; private set; } = history?.Initial.Length ?? 0;

    /// <summary>Where the last write ended that has not been cut off; what lies behind was only allocated.</summary>
    public long DataEnd { get; private set; } = history?.Initial.DataEnd ?? 0;

    /// <summary>Where the last write or allocation ended that has not been cut off: what the file takes of the disk's room.</summary>
    public long AllocatedEnd { get; private set; } = history?.Initial.Length ?? 0;

    public int Read(Span<byte> destination, long offset)
    {
        lock (_lock)
        {
            var count = (int)Math.Clamp(Length - offset, 0, destination.Length);
            _pages.Read(destination[..count], offset);
            return count;
        }
    }

    /// <summary>A write is on its way; null: nobody writes it down.</summary>
    public Change? Submit(ReadOnlySpan<byte> source, long offset)
    {
        lock (_lock)
        {
            return offset > Array.MaxLength - source.Length ? null : history?.Submitted(offset, source, _pages);
        }
    }

    /// <summary>Transfers a write that was submitted.</summary>
    public Errno Write(ReadOnlySpan<byte> source, long offset, Change? submitted, bool isDsync)
    {
        lock (_lock)
        {
            if (offset > Array.MaxLength - source.Length)
            {
                return Errno.EFBIG;
            }

            _pages.Write(source, offset);
            Length = Math.Max(Length, offset + source.Length);
            DataEnd = Math.Max(DataEnd, offset + source.Length);
            AllocatedEnd = Math.Max(AllocatedEnd, DataEnd);
            if (submitted is not null)
            {
                history!.Applied(submitted, offset, source, _pages, Length, isDsync);
            }

            return Errno.None;
        }
    }

    public void SetLength(long length)
    {
        lock (_lock)
        {
            if (length < Length)
            {
                _pages.Zero(length, Length);
            }

            Length = length;
            DataEnd = Math.Min(DataEnd, length);
            AllocatedEnd = Math.Min(AllocatedEnd, length);
            history?.LengthSet(length, _pages);
        }
    }

    public void Allocate(long end)
    {
        lock (_lock)
        {
            SetLength(Math.Max(Length, end));
            AllocatedEnd = Math.Max(AllocatedEnd, end);
        }
    }

    public void Clear(long offset, long length)
    {
        lock (_lock)
        {
            var (from, end) = (Math.Min(offset, Length), Math.Min(offset, Length) + Math.Min(length, Length - Math.Min(offset, Length)));
            _pages.Zero(from, end);
            history?.HolePunched(from, end, Length, _pages);
        }
    }

    /// <summary>Makes durable what was written before it, unless the call fails.</summary>
    public void Flush(Action call)
    {
        var accepted = history?.FlushAccepted() ?? 0;
        var succeeded = false;
        try
        {
            call();
            succeeded = true;
        }
        finally
        {
            history?.Flushed(accepted, succeeded);
        }
    }

    public byte[] ToArray()
    {
        lock (_lock)
        {
            var bytes = new byte[Length];
            _pages.Read(bytes, 0);
            return bytes;
        }
    }
}
