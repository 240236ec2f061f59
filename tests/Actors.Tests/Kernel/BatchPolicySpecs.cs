using AkkaAio.Shards;
using Xunit;

namespace AkkaAio.Tests.Kernel;

/// <summary>A device that works on what it was given gets more in small pieces, and one that is done at once in the largest.</summary>
public sealed class BatchPolicySpecs
{
    [Theory]
    [InlineData(2, 32, 2)]
    [InlineData(8, 32, 8)]
    [InlineData(2, 1, 1)]
    public void A_device_that_works_gets_small_batches(int min, int max, int due)
    {
        var policy = new BatchPolicy(min, max);
        Assert.Equal(due, policy.Due);
        for (var i = 1; i < 100; i++)
        {
            policy.Submitted(inFlight: i);
            Assert.Equal(due, policy.Due);
        }
    }

    [Fact]
    public void A_device_that_is_done_at_once_gets_full_batches_until_it_is_not()
    {
        var policy = new BatchPolicy(2, 32);
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
