using System.Globalization;

namespace AkkaAio.TestKit;

/// <summary>
/// Which operations of a disk a rule concerns: <c>disk.Writes("orders.log").Where(write => write.Offset >= 8192).Times(1)</c>. Each method
/// gives a narrower choice and leaves the one that it was called on as it is; the verbs <see cref="Fail"/>, <see cref="Short"/>,
/// <see cref="Hold"/> and <see cref="Delay"/> make a rule of it, which is in force from then until it is disposed.
/// </summary>
/// <remarks>
/// How an operation ends is decided by the first rule with <see cref="Fail"/> or <see cref="Short"/> that concerns it, when it ends by the
/// first with <see cref="Hold"/> or <see cref="Delay"/>, in the order in which the rules were made: one after the other with
/// <see cref="Times"/> are a sequence. A rule counts only operations that it decides about.
/// </remarks>
public sealed class DiskOperations
{
    private readonly AioTestDisk _disk;

    internal DiskOperations(AioTestDisk disk, DiskOperationKind? kind, string? path)
    {
        if (path is { Length: 0 })
        {
            throw new ArgumentException("a path is empty; null stands for all paths", nameof(path));
        }

        _disk = disk;
        Kind = kind;
        Path = path;
    }

    private DiskOperations(DiskOperations other)
    {
        _disk = other._disk;
        Kind = other.Kind;
        Path = other.Path;
        Predicate = other.Predicate;
        Skipped = other.Skipped;
        Most = other.Most;
        Rate = other.Rate;
        Seed = other.Seed;
    }

    /// <summary>Null: of every kind but submits and closes.</summary>
    internal DiskOperationKind? Kind { get; }

    internal string? Path { get; }

    internal Func<DiskOperation, bool>? Predicate { get; private init; }

    internal long Skipped { get; private init; }

    internal long? Most { get; private init; }

    internal double? Rate { get; private init; }

    internal int Seed { get; private init; }

    /// <summary>Only those that this says true of, and that the conditions before it choose. Called on the thread that submits.</summary>
    /// <param name="condition">Quick, without waiting. What it throws ends the rule, and is thrown where the rule is waited for.</param>
    public DiskOperations Where(Func<DiskOperation, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var before = Predicate;
        return new(this) { Predicate = before is null ? condition : operation => before(operation) && condition(operation) };
    }

    /// <summary>Leaves out the first <paramref name="count"/> of the operations that all other conditions choose.</summary>
    public DiskOperations Skip(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new(this) { Skipped = count };
    }

    /// <summary>Chooses at most <paramref name="count"/> operations: after them the rule does nothing.</summary>
    public DiskOperations Times(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return new(this) { Most = count };
    }

    /// <summary>
    /// Each with this chance. The seed decides for each operation by what it is (kind, path, offset, length) and how many equal ones came
    /// before it: the same code meets the same faults again, in whatever order its threads come.
    /// </summary>
    /// <param name="rate">Above 0, and 1 at most.</param>
    /// <param name="seed">Null: <see cref="AioTestDisk.Seed"/>.</param>
    public DiskOperations WithChance(double rate, int? seed = null) => rate is > 0 and <= 1
        ? new(this) { Rate = rate, Seed = seed ?? _disk.Seed }
        : throw new ArgumentOutOfRangeException(nameof(rate), rate, "a chance is above 0 and at most 1");

    /// <summary>They end with this errno, and nothing is read, written or changed; a submit accepts nothing.</summary>
    /// <exception cref="AioTestException">They are closes.</exception>
    public DiskRule Fail(Errno error) => error == Errno.None
        ? throw new ArgumentOutOfRangeException(nameof(error), error, "a failure has an errno")
        : Kind == DiskOperationKind.Close ? throw new AioTestException($"Fail({error.Name()}) is not for closes: a close always closes")
        : Add(new DiskRule(_disk, this, $"fail with {error.Name()}") { Error = error });

    /// <summary>They move so many bytes at most, which is a success; a submit accepts so many operations.</summary>
    /// <exception cref="AioTestException">They are neither reads, writes nor submits.</exception>
    public DiskRule Short(int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        return Kind is DiskOperationKind.Read or DiskOperationKind.Write or DiskOperationKind.Submit
            ? Add(new DiskRule(_disk, this, $"move {most} at most") { ShortTo = most })
            : throw new AioTestException($"Short({most}) is for reads, writes and submits, and not for {Describe()}");
    }

    /// <summary>
    /// They wait until the rule releases them, in the order of its choice, or is disposed. What blocks a thread (the open of a file, names,
    /// a buffered file's reads and writes, a submit) blocks it as long.
    /// </summary>
    public DiskHold Hold()
    {
        var hold = new DiskHold(_disk, this);
        Add(hold);
        return hold;
    }

    /// <summary>They wait for this long by <see cref="AioTestDisk.Time"/>.</summary>
    public DiskRule Delay(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero);
        var milliseconds = time.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
        return Add(new DiskRule(_disk, this, $"wait for {milliseconds} ms") { Time = time });
    }

    /// <summary>"writes of orders.log where a condition holds, after 2, 3 times, with chance 0.1 by seed 7".</summary>
    internal string Describe() =>
        (Kind switch
        {
            null => "operations",
            DiskOperationKind.Flush => "flushes",
            DiskOperationKind.SetLength => "changes of length",
            DiskOperationKind.Allocate => "allocations",
            DiskOperationKind.PunchHole => "holes",
            DiskOperationKind.SyncFolder => "folder syncs",
            { } kind => $"{kind}s".ToLowerInvariant(),
        }) +
        (Path is null ? "" : $" of {Path}") +
        (Predicate is null ? "" : " where a condition holds") +
        (Skipped == 0 ? "" : $", after {Skipped}") +
        (Most is null ? "" : $", {Most} times") +
        (Rate is { } rate ? string.Create(CultureInfo.InvariantCulture, $", with chance {rate} by seed {Seed}") : "");

    /// <summary>Whether kind and path are those; without the conditions that count or ask the user's code.</summary>
    internal bool Choose(DiskOperation operation) =>
        (Kind is { } kind ? operation.Kind == kind : operation.Kind is not (DiskOperationKind.Submit or DiskOperationKind.Close)) &&
        (Path is null || IsOf(operation.Path) || (operation.NewPath is { } newPath && IsOf(newPath)));

    private bool IsOf(string path) =>
        path.EndsWith(Path!, StringComparison.Ordinal) &&
        (path.Length == Path!.Length || (Path[0] != '/' && path[path.Length - Path.Length - 1] == '/'));

    private DiskRule Add(DiskRule rule)
    {
        _disk.Log.Add(rule);
        return rule;
    }
}
