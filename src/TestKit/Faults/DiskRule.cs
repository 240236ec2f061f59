using System.Diagnostics;

namespace AkkaAio.TestKit;

/// <summary>What a disk does to the operations of a choice; see <see cref="DiskOperations"/>. Disposed, it does nothing more.</summary>
public class DiskRule : IDisposable
{
    private readonly DiskOperations _chosen;
    private readonly string _verb;
    private readonly Dictionary<(DiskOperationKind, string, long, long), int> _equals = [];
    private long _seen;
    private long _taken;

    internal DiskRule(AioTestDisk disk, DiskOperations chosen, string verb)
    {
        Disk = disk;
        _chosen = chosen;
        _verb = verb;
    }

    /// <summary>How many operations it has decided about.</summary>
    public long Hits => Volatile.Read(ref _hits);

    private long _hits;

    internal AioTestDisk Disk { get; }

    internal Errno Error { get; init; }

    internal int? ShortTo { get; init; }

    internal TimeSpan? Time { get; init; }

    internal bool ConcernsSubmits => _chosen.Kind == DiskOperationKind.Submit;

    internal bool DecidesTiming => this is DiskHold || Time is not null;

    /// <summary>What the user's condition threw.</summary>
    internal Exception? Thrown { get; private set; }

    /// <summary>It is disposed, or its condition has thrown.</summary>
    internal bool HasEnded { get; set; }

    /// <summary>Completes when it has decided about so many operations in all.</summary>
    /// <param name="hits">1 or more.</param>
    /// <param name="timeout">By the machine's clock; null: 10 s.</param>
    /// <exception cref="AioTestException">It has not in this time, or its condition threw; says what the disk has done instead.</exception>
    public Task WhenHit(long hits = 1, TimeSpan? timeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hits);
        return Disk.Log.When(
            () => Thrown is not null ? throw ConditionThrew() : Hits >= hits,
            timeout,
            time => $"the rule \"{this}\" was to decide about {hits} operations within {time.TotalSeconds} s");
    }

    /// <summary>"writes of orders.log, 1 times: fail with EIO; 1 so far".</summary>
    public override string ToString() => $"{_chosen.Describe()}: {_verb}; {Hits} so far{(HasEnded ? ", ended" : "")}";

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends it.</summary>
    /// <param name="disposing">Always true.</param>
    protected virtual void Dispose(bool disposing) => Disk.Log.Remove(this);

    /// <summary>Says it: where the rule is waited for, otherwise once where leaks are looked for.</summary>
    internal AioTestException ConditionThrew()
    {
        Disk.Log.SaidOf(this);
        return new($"the condition of the rule \"{this}\" threw: {Thrown!.Message}", Thrown);
    }

    /// <summary>Whether kind, path and condition choose the operation. Asked without the log's lock: it may run the user's code.</summary>
    internal bool MayTake(DiskOperation operation)
    {
        if (HasEnded || !_chosen.Choose(operation))
        {
            return false;
        }

        try
        {
            return _chosen.Predicate?.Invoke(operation) ?? true;
        }
        catch (Exception e) // the shard that submits is not to fail of it
        {
            Thrown = e;
            Disk.Log.Break(this);
            return false;
        }
    }

    /// <summary>Below the log's lock: whether it takes an operation that it may take, by those that count.</summary>
    internal bool Takes(DiskOperation operation)
    {
        if (HasEnded || _taken == _chosen.Most)
        {
            return false;
        }

        if (_chosen.Rate is { } rate && !Falls(operation, rate))
        {
            return false;
        }

        if (_seen++ < _chosen.Skipped)
        {
            return false;
        }

        _taken++;
        return true;
    }

    /// <summary>Below the log's lock: what it decided is in force.</summary>
    internal void Hit()
    {
        Debug.Assert(_hits < _taken, "a rule hits what it took");
        Volatile.Write(ref _hits, _hits + 1);
    }

    private bool Falls(DiskOperation operation, double rate)
    {
        var key = (operation.Kind, operation.Path, operation.Offset, operation.Length);
        var before = _equals.GetValueOrDefault(key);
        _equals[key] = before + 1;
        return StableChance.Of(_chosen.Seed, operation, before) < rate;
    }
}
