using AkkaAio.Shards;
using Xunit;

namespace AkkaAio.Tests.Kernel;

/// <summary>A device with little to do gets its work soon, one with much in large batches, and one that is done at once in the largest.</summary>
public sealed class BatchPolicySpecs
{
    [Theory]
    [InlineData(32, 0, 2)]
    [InlineData(32, 1, 2)]
    [InlineData(32, 47, 2)]
    [InlineData(32, 64, 4)]
    [InlineData(32, 128, 8)]
    [InlineData(32, 511, 31)]
    [InlineData(32, 100_000, 32)]
    [InlineData(4, 128, 4)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 128, 1)]
    public void So_many_are_due_with_so_many_in_flight(int max, long inFlight, int due)
    {
        var policy = new BatchPolicy(max);
        policy.Submitted(inFlight);
        Assert.Equal(due, policy.Due);
    }

    [Fact]
    public void A_device_that_is_done_at_once_gets_full_batches_until_it_is_not()
    {
        var policy = new BatchPolicy(32);
        for (var i = 0; i < 3; i++)
        {
            policy.Submitted(0);
            Assert.Equal(2, policy.Due);
        }

        policy.Submitted(0);
        Assert.Equal(32, policy.Due);
        policy.Submitted(0);
        Assert.Equal(32, policy.Due);
        policy.Submitted(1);
        Assert.Equal(2, policy.Due);
    }
}
