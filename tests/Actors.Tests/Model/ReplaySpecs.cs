using AkkaAio.Interop.Engines;
using AkkaAio.Tests.Model.Stepping;
using CsCheck;
using Xunit;

namespace AkkaAio.Tests.Model;

/// <summary>What the schedules are worth: a seed replays, and a kernel or a product that loses something is found out.</summary>
public sealed class ReplaySpecs
{
    private const string Settings = "shards = 2, shard-by = stripe, stripe-size = 4 KiB, depth = 8, submit-batch-size = 3";

    [Fact]
    public void The_same_schedule_goes_the_same_way_twice()
    {
        var config = SteppedRun.ConfigOf(Settings);
        Schedule.Gen(500, 600, crashes: true, ends: false).Sample(
            schedule =>
            {
                Trace first = new(keepsLines: true), second = new(keepsLines: true);
                SteppedRun.Play(config, schedule, first);
                SteppedRun.Play(config, schedule, second);
                Assert.Equal(first.Lines, second.Lines);
                Assert.Equal(first.Hash, second.Hash);
            },
            iter: 5, threads: 1);
    }

    [Fact]
    public void Different_seeds_of_the_same_steps_go_different_ways()
    {
        const int OtherBit = 1 << 30; // Random takes the absolute value: int.MinValue ^ 1 would be the same seed
        var config = SteppedRun.ConfigOf(Settings);
        Schedule.Gen(500, 600, crashes: true, ends: false).Sample(
            schedule =>
            {
                Trace first = new(), second = new();
                SteppedRun.Play(config, schedule, first);
                SteppedRun.Play(config, schedule with { Seed = schedule.Seed ^ OtherBit }, second);
                Assert.NotEqual(first.Hash, second.Hash);
            },
            iter: 2, threads: 1);
    }

    // Each lies once in so many operations, and says that all is well.
    [Theory]
    [InlineData("a lost write")]
    [InlineData("a write beside its place")]
    [InlineData("a read beside its place")]
    public void A_kernel_that_lies_is_found_out(string lie)
    {
        var failure = Assert.Throws<CsCheckException>(() => Schedule.Gen(500, 600, crashes: false, ends: false).Sample(
            schedule => SteppedRun.Play(SteppedRun.ConfigOf(Settings), schedule, new Trace(), LieOf(lie)), iter: 5, threads: 1));
        Assert.Contains("CsCheck_Seed=", failure.Message, StringComparison.Ordinal);
    }

    private static Func<IoRequest, IoRequest> LieOf(string lie)
    {
        var operations = 0;
        return request => ++operations % 20 != 0 ? request : (lie, request.Opcode) switch
        {
            ("a lost write", IoOpcode.Write) => request with { Opcode = IoOpcode.Read },
            ("a write beside its place", IoOpcode.Write) => request with { Offset = request.Offset + OpenFile.Sector },
            ("a read beside its place", IoOpcode.Read) => request with { Offset = request.Offset + OpenFile.Sector },
            _ => request,
        };
    }
}
