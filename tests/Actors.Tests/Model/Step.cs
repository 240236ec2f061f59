using CsCheck;

namespace AkkaAio.Tests.Model;

internal enum StepKind
{
    Write,
    Read,
    ReadInto,
    Flush,
    SetLength,
    Allocate,
    Cancel,
    AwaitReply,
    Release,
    CrashShard,
    CrashReaper,
}

/// <summary>One step of a schedule; what the numbers mean depends on the kind.</summary>
internal readonly record struct Step(StepKind Kind, int A, int B);

/// <summary>A schedule: what one requester does, and the seed of what the kernel does to it.</summary>
internal sealed record Schedule(int FaultSeed, Step[] Steps)
{
    public static Gen<Schedule> Gen(int length, bool crashes)
    {
        (int Weight, StepKind Kind)[] kinds =
        [
            (30, StepKind.Write), (20, StepKind.Read), (10, StepKind.ReadInto), (8, StepKind.Flush), (3, StepKind.SetLength),
            (2, StepKind.Allocate), (10, StepKind.Cancel), (5, StepKind.AwaitReply), (6, StepKind.Release),
            (crashes ? 1 : 0, StepKind.CrashShard), (crashes ? 1 : 0, StepKind.CrashReaper),
        ];
        var kind = CsCheck.Gen.Frequency([.. kinds.Where(k => k.Weight > 0).Select(k => (k.Weight, CsCheck.Gen.Const(k.Kind)))]);
        var step = CsCheck.Gen.Select(kind, CsCheck.Gen.Int[0, 1 << 20], CsCheck.Gen.Int[0, 1 << 20], (k, a, b) => new Step(k, a, b));
        return CsCheck.Gen.Select(CsCheck.Gen.Int, step.Array[1, length], (seed, steps) => new Schedule(seed, steps));
    }

    public override string ToString() => $"seed {FaultSeed}: {string.Join(", ", Steps.Select(step => $"{step.Kind} {step.A} {step.B}"))}";
}
