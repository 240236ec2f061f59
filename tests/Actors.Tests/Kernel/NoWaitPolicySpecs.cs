using AkkaAio.Interop.Abi;
using AkkaAio.Shards;
using Xunit;

namespace AkkaAio.Tests.Kernel;

/// <summary>When operations are flagged, and when that ends.</summary>
public sealed class NoWaitPolicySpecs
{
    private const ulong Slow = 1;
    private const ulong Other = 2;

    private readonly ShardCounters _counters = new();
    private readonly NoWaitPolicy _policy;

    public NoWaitPolicySpecs() => _policy = new NoWaitPolicy(_counters);

    [Fact]
    public void Nothing_is_flagged_before_a_slow_submit_and_then_only_its_device_and_kind()
    {
        Assert.Equal(RwFlags.None, _policy.FlagFor(Slow, isWrite: true));
        _policy.SubmitWasSlow(Slow, isWrite: true);

        Assert.Equal(RwFlags.NoWait, _policy.FlagFor(Slow, isWrite: true));
        Assert.Equal(RwFlags.None, _policy.FlagFor(Slow, isWrite: false));
        Assert.Equal(RwFlags.None, _policy.FlagFor(Other, isWrite: true));
        Assert.Equal(1, _counters.NoWaitFlagged);
    }

    [Fact]
    public void A_quarter_of_a_window_may_fall_back_and_one_more_ends_it_for_good()
    {
        _policy.SubmitWasSlow(Slow, isWrite: false);
        _policy.SubmitWasSlow(Slow, isWrite: true);
        Flag(NoWaitPolicy.Window);
        FallBack(NoWaitPolicy.Window / 4);
        Flag(NoWaitPolicy.Window); // the next window has its own quarter
        FallBack(NoWaitPolicy.Window / 4);
        Assert.Equal(RwFlags.NoWait, _policy.FlagFor(Slow, isWrite: false));

        FallBack((NoWaitPolicy.Window / 4) + 1);
        Assert.Equal(RwFlags.None, _policy.FlagFor(Slow, isWrite: false));
        _policy.SubmitWasSlow(Slow, isWrite: false);
        Assert.Equal(RwFlags.None, _policy.FlagFor(Slow, isWrite: false));
        Assert.Equal(RwFlags.NoWait, _policy.FlagFor(Slow, isWrite: true));
        Assert.Equal((3 * (NoWaitPolicy.Window / 4)) + 1, _counters.NoWaitFellBack);
    }

    [Fact]
    public void A_file_system_that_does_not_know_the_flag_ends_it()
    {
        _policy.SubmitWasSlow(Slow, isWrite: true);
        _policy.IsUnsupported(Slow, isWrite: true);
        _policy.IsUnsupported(Other, isWrite: true);

        Assert.Equal(RwFlags.None, _policy.FlagFor(Slow, isWrite: true));
    }

    private void Flag(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(RwFlags.NoWait, _policy.FlagFor(Slow, isWrite: false));
        }
    }

    private void FallBack(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _policy.FellBack(Slow, isWrite: false);
        }
    }
}
