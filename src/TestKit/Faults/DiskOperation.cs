using System.Globalization;
using System.Text;

namespace AkkaAio.TestKit;

/// <summary>One operation of a disk: what was asked for, and how it ended.</summary>
public sealed class DiskOperation
{
    private readonly DiskLog _log;
    private Action? _resume;
    private ITimer? _timer;

    internal DiskOperation(DiskLog log, DiskOperationKind kind, string path)
    {
        _log = log;
        Kind = kind;
        Path = path;
    }

    /// <summary>Its place in the order in which the disk got its operations: 0 of the first. -1 of a submit.</summary>
    public long Number { get; internal set; } = -1;

    /// <summary>What was asked for.</summary>
    public DiskOperationKind Kind { get; }

    /// <summary>The file's path, as it was opened; empty for a submit.</summary>
    public string Path { get; }

    /// <summary>The path that a rename gives; null of all others.</summary>
    public string? NewPath { get; internal init; }

    /// <summary>Byte offset in the file; 0 where there is none.</summary>
    public long Offset { get; internal init; }

    /// <summary>Bytes asked for; of a submit operations; 0 where there is no length.</summary>
    public long Length { get; internal init; }

    /// <summary>A write that is to be on stable storage when it is answered.</summary>
    public bool IsDataSync { get; internal init; }

    /// <summary>When the disk got it: by <see cref="AioTestDisk.Time"/>, since the disk was made.</summary>
    public TimeSpan StartedAt { get; internal set; }

    /// <summary>When it ended; null before that.</summary>
    public TimeSpan? EndedAt { get; internal set; }

    /// <summary>How many operations had ended before it; null before its end.</summary>
    public long? EndNumber { get; internal set; }

    /// <summary>Where it is.</summary>
    public DiskOperationState State { get; internal set; }

    /// <summary>The errno that it ended with; None of a success, and before the end.</summary>
    public Errno Error { get; internal set; }

    /// <summary>Bytes that were read or written; of a submit operations that were accepted.</summary>
    public long Transferred { get; internal set; }

    /// <summary>The rule that decided how it ends; null: none did.</summary>
    public DiskRule? Outcome { get; internal set; }

    /// <summary>The rule that decided when it ends; null: none did.</summary>
    public DiskRule? Timing { get; internal set; }

    /// <summary>The errno that a rule gives it.</summary>
    internal Errno Fault => Outcome?.Error ?? Errno.None;

    /// <summary>The most bytes that a rule lets it move.</summary>
    internal int? ShortTo => Outcome?.ShortTo;

    /// <summary>"#3 write of 4096 bytes at 8192 of orders.log, dsync: 4096", with an errno or a state in place of the count.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{(Number < 0 ? "" : $"#{Number} ")}{Describe()}: ");
        text.Append(State != DiskOperationState.Ended ? State switch
        {
            DiskOperationState.Held => "held",
            DiskOperationState.Delayed => "delayed",
            _ => "running",
        }
        : Error != Errno.None ? Error.Name()
        : HasCount ? $"{Transferred}" : "done");
        return text.ToString();
    }

    /// <summary>What was asked for: "write of 4096 bytes at 8192 of orders.log, dsync".</summary>
    internal string Describe() => Kind switch
    {
        DiskOperationKind.Submit => $"submit of {Length} operations",
        DiskOperationKind.Rename => $"rename of {Path} to {NewPath}",
        DiskOperationKind.SetLength => $"set length of {Path} to {Length}",
        DiskOperationKind.SyncFolder => $"sync of folder {Path}",
        DiskOperationKind.Read or DiskOperationKind.Write =>
            $"{(Kind == DiskOperationKind.Read ? "read" : "write")} of {Length} bytes at {Offset} of {Path}{(IsDataSync ? ", dsync" : "")}",
        DiskOperationKind.Allocate => $"allocation of {Length} bytes at {Offset} of {Path}",
        DiskOperationKind.PunchHole => $"hole of {Length} bytes at {Offset} of {Path}",
        _ => $"{(Kind == DiskOperationKind.Flush ? "flush" : Kind == DiskOperationKind.Open ? "open"
            : Kind == DiskOperationKind.Close ? "close" : "delete")} of {Path}",
    };

    /// <summary>
    /// Holds or delays it if a rule says so: <paramref name="resume"/> is called, by whatever thread lets it go, once and not before
    /// this returns to a caller that holds the lock which it needs.
    /// </summary>
    /// <returns>False: it is to go on at once.</returns>
    internal bool Suspend(Action resume)
    {
        if (Timing is not { } rule)
        {
            return false;
        }

        _resume = resume;
        if (!_log.Suspend(this, rule))
        {
            return false;
        }

        if (rule.Time is { } delay)
        {
            _timer = _log.Disk.Time.CreateTimer(
                static state => ((DiskOperation)state!).Resume(), this, delay, Timeout.InfiniteTimeSpan);
        }

        _log.Suspended(rule); // not before: the test may move time at once
        return true;
    }

    /// <summary>As <see cref="Suspend"/>, on a thread that blocks until it may go on.</summary>
    internal void Wait()
    {
        if (Timing is null)
        {
            return;
        }

        var gate = new ManualResetEventSlim(); // not disposed: the thread that sets it may not be through with it
        if (Suspend(gate.Set))
        {
            gate.Wait();
        }
    }

    /// <summary>Lets it go, if it is held or delayed.</summary>
    /// <returns>False: it was not, or another has let it go.</returns>
    internal bool Resume()
    {
        if (!_log.Resume(this))
        {
            return false;
        }

        _timer?.Dispose();
        _resume!();
        return true;
    }

    /// <summary>It has ended: with a count, or a negated errno.</summary>
    internal void End(long result)
    {
        Error = result < 0 ? (Errno)(-result) : Errno.None;
        Transferred = Math.Max(0, result);
        _log.End(this);
        _timer?.Dispose();
    }

    private bool HasCount => Kind is DiskOperationKind.Read or DiskOperationKind.Write or DiskOperationKind.Submit;
}
