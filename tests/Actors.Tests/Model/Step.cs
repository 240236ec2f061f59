using CsCheck;

namespace AkkaAio.Tests.Model;

/// <summary>The command that a step tells.</summary>
internal enum StepKind
{
    Write,
    Read,
    ReadInto,
    Flush,
    SetLength,
    Allocate,
    Cancel,
    AwaitRoom,
    Close,

    /// <summary>The commands of the next steps in one message.</summary>
    Batch,
}

/// <summary>What else happens, before the command.</summary>
internal enum StepEvent
{
    None,
    AwaitReply,
    Release,
    OwnerDies,
    RequesterDies,
    CrashShard,
    CrashReaper,

    /// <summary>Another process writes to a file.</summary>
    OtherWrites,
}

/// <summary>One step of a schedule; what the numbers mean depends on the kind.</summary>
internal readonly record struct Step(StepKind Kind, StepEvent Event, int A, int B);

/// <summary>A schedule: what its requesters do, and the seed of what the kernel and the machine do to it.</summary>
/// <param name="Seed">Of the kernel and the machine.</param>
/// <param name="Steps">What the requesters do.</param>
/// <param name="EndsAt">Before which step the system ends, with all that is under way; there may be no such step.</param>
internal sealed record Schedule(int Seed, Step[] Steps, int EndsAt)
{
    /// <summary>Whether the system ends while commands are under way; behind the last step too.</summary>
    public bool EndsEarly => EndsAt <= Steps.Length;

    public static Gen<Schedule> Gen(int least, int most, bool crashes, bool ends = true)
    {
        var kind = CsCheck.Gen.Frequency([.. Weighted(
            (30, StepKind.Write), (18, StepKind.Read), (10, StepKind.ReadInto), (8, StepKind.Flush), (2, StepKind.SetLength),
            (2, StepKind.Allocate), (8, StepKind.Cancel), (2, StepKind.AwaitRoom), (1, StepKind.Close), (3, StepKind.Batch))]);
        var @event = CsCheck.Gen.Frequency([.. Weighted(
            (200, StepEvent.None), (8, StepEvent.AwaitReply), (8, StepEvent.Release), (1, StepEvent.OwnerDies),
            (1, StepEvent.RequesterDies), (crashes ? 2 : 0, StepEvent.CrashShard), (crashes ? 2 : 0, StepEvent.CrashReaper),
            (6, StepEvent.OtherWrites))]);
        var number = CsCheck.Gen.Int[0, 1 << 20];
        var step = CsCheck.Gen.Select(kind, @event, number, number, (k, e, a, b) => new Step(k, e, a, b));
        var endsAt = ends ? CsCheck.Gen.Int[0, 3 * most] : CsCheck.Gen.Const(int.MaxValue);
        return CsCheck.Gen.Select(
            CsCheck.Gen.Int, step.Array[least, most], endsAt, (seed, steps, end) => new Schedule(seed, steps, end));
    }

    private static IEnumerable<(int, Gen<T>)> Weighted<T>(params IEnumerable<(int Weight, T Value)> values) =>
        values.Where(value => value.Weight > 0).Select(value => (value.Weight, CsCheck.Gen.Const(value.Value)));

    public override string ToString() => $"seed {Seed}, {Steps.Length} steps{(EndsEarly ? $", ends at {EndsAt}" : "")}";
}
