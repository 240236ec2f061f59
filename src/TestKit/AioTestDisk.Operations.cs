namespace AkkaAio.TestKit;

// What it does, and what it is to do otherwise.
public sealed partial class AioTestDisk
{
    /// <summary>How long this kit waits for something to happen, where the test says nothing else.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What the disk was asked to do since it was made, or since <see cref="ForgetOperations"/>, in this order, and how each ended. Submits
    /// are not among them. Some 200 bytes an operation are kept.
    /// </summary>
    public IReadOnlyList<DiskOperation> Operations => Log.Operations;

    /// <summary>Operations that have not ended: in flight, held or delayed; submits too.</summary>
    public IReadOnlyList<DiskOperation> RunningOperations => Log.Running;

    internal DiskLog Log { get; }

    internal TimeSpan Elapsed => Time.GetElapsedTime(_madeAt);

    /// <summary><see cref="Operations"/> begins anew. What runs is not concerned.</summary>
    public void ForgetOperations() => Log.Forget();

    /// <summary>Reads, of this path or of all: a whole path, or the last names of one, such as <c>orders.log</c>.</summary>
    public DiskOperations Reads(string? path = null) => new(this, DiskOperationKind.Read, path);

    /// <summary>Writes; the path as for <see cref="Reads"/>.</summary>
    public DiskOperations Writes(string? path = null) => new(this, DiskOperationKind.Write, path);

    /// <summary>fdatasyncs, one for all flushes that it answers; the path as for <see cref="Reads"/>.</summary>
    public DiskOperations Flushes(string? path = null) => new(this, DiskOperationKind.Flush, path);

    /// <summary>
    /// Calls of io_submit: <c>Fail(Errno.EAGAIN)</c> is a kernel that is out of something just now, <c>Short(1)</c> one that takes a single
    /// operation, <c>Hold()</c> a frozen file system.
    /// </summary>
    public DiskOperations Submits() => new(this, DiskOperationKind.Submit, null);

    /// <summary>Opens of files; the path as for <see cref="Reads"/>.</summary>
    public DiskOperations Opens(string? path = null) => new(this, DiskOperationKind.Open, path);

    /// <summary>Closes of files, to be held or delayed: a close always closes. The path as for <see cref="Reads"/>.</summary>
    public DiskOperations Closes(string? path = null) => new(this, DiskOperationKind.Close, path);

    /// <summary>Changes of a file's length; the path as for <see cref="Reads"/>.</summary>
    public DiskOperations SetLengths(string? path = null) => new(this, DiskOperationKind.SetLength, path);

    /// <summary>Allocations, those of an open with PreallocationSize and of growth too; the path as for <see cref="Reads"/>.</summary>
    public DiskOperations Allocations(string? path = null) => new(this, DiskOperationKind.Allocate, path);

    /// <summary>Holes; the path as for <see cref="Reads"/>.</summary>
    public DiskOperations PunchHoles(string? path = null) => new(this, DiskOperationKind.PunchHole, path);

    /// <summary>Renames, by either path; as for <see cref="Reads"/>.</summary>
    public DiskOperations Renames(string? path = null) => new(this, DiskOperationKind.Rename, path);

    /// <summary>Deletes; the path as for <see cref="Reads"/>.</summary>
    public DiskOperations Deletes(string? path = null) => new(this, DiskOperationKind.Delete, path);

    /// <summary>fsyncs of folders, those that a rename or delete ends with too; the folder's path as for <see cref="Reads"/>.</summary>
    public DiskOperations FolderSyncs(string? path = null) => new(this, DiskOperationKind.SyncFolder, path);

    /// <summary>Operations of every kind but submits and closes; the path as for <see cref="Reads"/>.</summary>
    public DiskOperations Any(string? path = null) => new(this, null, path);

    /// <summary>Its seed, its rules, and what runs.</summary>
    public override string ToString() => Describe();

    internal string Describe()
    {
        var rules = Log.Rules;
        return $"disk with seed {Seed}; rules: {(rules.Length == 0 ? "none" : string.Join("; ", rules.Select(rule => $"\"{rule}\"")))}; " +
               $"running: {List(Log.Running)}; last: {List([.. Log.Operations.TakeLast(5)])}";
    }

    internal static string List(IReadOnlyCollection<DiskOperation> operations) => operations.Count switch
    {
        0 => "none",
        <= 10 => string.Join(", ", operations),
        var count => $"{string.Join(", ", operations.Take(10))} and {count - 10} more",
    };
}
