using AkkaAio.Shards;

namespace AkkaAio.Files;

/// <summary>
/// What one shard knows of one file: which of its operations are under way, which barriers wait for them, and which commands wait
/// behind a barrier. It belongs to the file, so it survives the shard's restart. A file has one lane, or with
/// <c>shard-by = stripe</c> one on every shard.
/// </summary>
/// <remarks>
/// The shard's thread alone, but for <see cref="Writes"/> and the figures. Writes are counted in two epochs: a flush waits for the
/// writes of the epoch that it closed, while later writes go on in the other.
/// </remarks>
internal sealed class FileLane(AioFile file, Shard shard)
{
    private readonly List<FileBarrier> _following = [];
    private readonly List<FileBarrier> _waiting = [];
    private int _reads;
    private int _epoch;

    public AioFile File => file;

    public Shard Shard => shard;

    /// <summary>The SetLength, Allocate or Close that waits for this lane to be quiet; null once it has been.</summary>
    public FileBarrier? Exclusive { get; set; }

    /// <summary>Commands and barriers behind a SetLength or Allocate that has not been carried out; null when there is none.</summary>
    public WaitingList? Held { get; set; }

    /// <summary>Writes, counted as started, that wait for the file to be made longer.</summary>
    public WaitingList Growing { get; } = new();

    /// <summary>A write that the file was made longer for has come to nothing: take it back when no write is under way.</summary>
    public bool IsTailUnwanted { get; set; }

    /// <summary>A write that waited for a growth has been cancelled: after how many more growths what is unwritten is to be taken
    /// back.</summary>
    public int GrowthsToTakeBack { get; set; }

    /// <summary>A Close has come: whatever comes now is too late.</summary>
    public bool Closing { get; set; }

    /// <summary>Nothing is under way.</summary>
    public bool IsQuiet => _reads == 0 && !Writes.HasPending;

    /// <summary>Whether anything waits: a barrier, commands behind one, writes for a longer file.</summary>
    public bool HasWaiting =>
        _waiting.Count > 0 || Exclusive is not null || Held is not null || Growing.First is not null || IsTailUnwanted;

    /// <summary>What of this file the shard has answered: on the lane, so that no two threads count in one place.</summary>
    public AnsweredCounts Answered { get; } = new();

    /// <summary>Any thread: reads and writes that are accepted and not finished, as far as can be seen.</summary>
    public int UnderWay => Volatile.Read(ref _reads) + Writes.Count + (Held?.Count ?? 0);

    /// <summary>The writes that are under way.</summary>
    public WriteCounts Writes { get; } = new();

    /// <summary>An operation begins. Returns the epoch to give back.</summary>
    public int Start(bool write)
    {
        if (!write)
        {
            _reads++;
            return 0;
        }

        Writes.Start(_epoch);
        return _epoch;
    }

    /// <summary>It has ended.</summary>
    public void End(bool write, int epoch)
    {
        if (write)
        {
            Writes.End(epoch);
        }
        else
        {
            _reads--;
        }
    }

    /// <summary>A flush has come.</summary>
    public void AddFlush(FileBarrier flush)
    {
        if (_waiting.Count > 0)
        {
            _following.Add(flush);
        }
        else
        {
            _waiting.Add(flush);
            _epoch ^= 1;
        }
    }

    /// <summary>Moves the flushes whose writes are all answered to <paramref name="arrived"/>.</summary>
    public void TakeArrivedFlushes(List<FileBarrier> arrived)
    {
        while (_waiting.Count > 0 && !Writes.IsPending(_epoch ^ 1))
        {
            arrived.AddRange(_waiting);
            _waiting.Clear();
            if (_following.Count > 0)
            {
                // Those that came meanwhile wait for all that has been accepted up to now, which is no less than they ask for.
                _waiting.AddRange(_following);
                _following.Clear();
                _epoch ^= 1;
            }
        }
    }
}
