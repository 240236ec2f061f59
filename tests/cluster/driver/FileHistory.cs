using System.Collections.Concurrent;
using System.Diagnostics;
using AkkaAio.Cluster;

namespace AkkaAio.ClusterDriver;

/// <summary>What was done to one file of the load, and what came of it.</summary>
internal abstract class FileHistory(string address)
{
    private readonly Lock _lock = new();
    private long _last = Stopwatch.GetTimestamp();
    private TimeSpan _worst;
    private long _acked;
    private readonly List<string> _events = [];
    private readonly long _begun = Stopwatch.GetTimestamp();

    /// <summary>How often a call failed, and how.</summary>
    public static ConcurrentDictionary<string, int> Failures { get; } = [];

    public string Address => address;

    public string Disk => address[..address.IndexOf('/', StringComparison.Ordinal)];

    public long Acked => Interlocked.Read(ref _acked);

    /// <summary>The longest time without an acknowledgement.</summary>
    public TimeSpan WorstGap
    {
        get
        {
            lock (_lock)
            {
                return _worst;
            }
        }
    }

    /// <summary>
    /// A line for each call, in the order in which they ended: when it began and ended (ms), what it was, what came of it.
    /// </summary>
    public string[] Events
    {
        get
        {
            lock (_lock)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>When it ended, in ms since the history began.</summary>
    public long WorstUntil { get; private set; }

    public async Task RunToEndAsync(DateTime until)
    {
        await RunAsync(until);
        Acknowledged(); // the time since the last one counts
    }

    public abstract Task CheckAsync(AioClusterExt reader, Lie lie, Verdict verdict);

    protected abstract Task RunAsync(DateTime until);

    /// <summary>Null: acknowledged.</summary>
    /// <param name="what">For <see cref="Events"/>.</param>
    /// <param name="change">The call.</param>
    /// <param name="identity">File id and epoch, asked when the call has ended.</param>
    protected async Task<AioOutcome?> TryAsync(string what, Func<Task> change, Func<string?>? identity = null)
    {
        var began = Now;
        try
        {
            await change();
        }
        catch (AioClusterFileException e)
        {
            Note($"{began} {Now} {what}: {e.Failure}, {e.Outcome} {identity?.Invoke()} {e.Message}");
            Failures.AddOrUpdate($"{e.Failure}, {e.Outcome}", 1, (_, count) => count + 1);
            await Task.Delay(50); // one that is refused at once is not tried at full speed
            return e.Outcome;
        }

        Note($"{began} {Now} {what}: done {identity?.Invoke()}");
        Interlocked.Increment(ref _acked);
        Acknowledged();
        return null;
    }

    private void Acknowledged()
    {
        lock (_lock)
        {
            var now = Stopwatch.GetTimestamp();
            var gap = Stopwatch.GetElapsedTime(_last, now);
            _last = now;
            if (gap > _worst)
            {
                (_worst, WorstUntil) = (gap, Now);
            }
        }
    }

    /// <summary>The time since the last acknowledgement was a pause of ours.</summary>
    protected void Paused()
    {
        lock (_lock)
        {
            _last = Stopwatch.GetTimestamp();
        }
    }

    private long Now => (long)Stopwatch.GetElapsedTime(_begun).TotalMilliseconds;

    private void Note(string line)
    {
        lock (_lock)
        {
            _events.Add(line);
        }
    }

    protected static async Task<byte[]> ReadAllAsync(AioClusterFile file, long length)
    {
        var bytes = new byte[length];
        for (var at = 0L; at < length;)
        {
            var part = await file.ReadAsync(at, (int)Math.Min(length - at, 1 << 20));
            if (part.Length == 0)
            {
                return bytes[..(int)at];
            }

            part.CopyTo(bytes.AsMemory((int)at));
            at += part.Length;
        }

        return bytes;
    }
}
