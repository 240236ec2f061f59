namespace AkkaAio.Demo.Progress;

/// <summary>How far a verb is, in bytes. Counted by whoever does the work, read by the bar.</summary>
internal sealed class Meter
{
    private long _done;
    private long _total;

    public long Done => Volatile.Read(ref _done);

    public long Total => Volatile.Read(ref _total);

    public void AddDone(long bytes) => Interlocked.Add(ref _done, bytes);

    public void AddTotal(long bytes) => Interlocked.Add(ref _total, bytes);
}
