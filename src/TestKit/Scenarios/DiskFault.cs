namespace AkkaAio.TestKit;

/// <summary>What may befall an operation, for <see cref="AioScenarios"/>.</summary>
public sealed class DiskFault
{
    private readonly string _name;
    private readonly Func<DiskOperation, bool> _isPossible;
    private readonly Func<DiskOperations, DiskOperation, DiskRule> _befall;

    private DiskFault(string name, Func<DiskOperation, bool> isPossible, Func<DiskOperations, DiskOperation, DiskRule> befall)
    {
        _name = name;
        _isPossible = isPossible;
        _befall = befall;
    }

    /// <summary>Half of it is read or written, in whole sectors of 512 bytes; of reads and writes of two sectors and more.</summary>
    public static DiskFault Short { get; } = new(
        "is short",
        operation => operation is { Kind: DiskOperationKind.Read or DiskOperationKind.Write, Length: >= 1024 },
        (chosen, operation) => chosen.Short((int)(operation.Length / 1024 * 512)));

    /// <summary>It ends 20 ms later, so that others overtake it.</summary>
    public static DiskFault Late { get; } = new("is late", _ => true, (chosen, _) => chosen.Delay(TimeSpan.FromMilliseconds(20)));

    /// <summary>It does not end before <see cref="AioScenario.EndFault"/>: for actors that have time limits of their own.</summary>
    public static DiskFault Hang { get; } = new("hangs", _ => true, (chosen, _) => chosen.Hold());

    /// <summary>Unless others are named: EIO, ENOSPC, <see cref="Short"/> and <see cref="Late"/>.</summary>
    public static IReadOnlyList<DiskFault> Default { get; } = [Fail(Errno.EIO), Fail(Errno.ENOSPC), Short, Late];

    /// <summary>It fails with this errno; ENOSPC only what takes room: writes and allocations.</summary>
    public static DiskFault Fail(Errno error) => error == Errno.None
        ? throw new ArgumentOutOfRangeException(nameof(error), error, "a failure has an errno")
        : new(
            $"fails with {error.Name()}",
            operation => error != Errno.ENOSPC || operation.Kind is DiskOperationKind.Write or DiskOperationKind.Allocate,
            (chosen, _) => chosen.Fail(error));

    /// <summary>"fails with EIO".</summary>
    public override string ToString() => _name;

    internal bool IsPossible(DiskOperation operation) => _isPossible(operation);

    internal DiskRule Befall(DiskOperations chosen, DiskOperation operation) => _befall(chosen, operation);
}
