using Akka.Configuration;
using AkkaAio.Demo.Hashing;

namespace AkkaAio.Demo.Tests.Hashing;

public sealed class HashLimitsSpecs
{
    [Theory]
    [InlineData("", 256)]
    [InlineData("max-queue-size = 1", 1)]
    [InlineData("max-queue-size = 1, buffer-pool.budget = 8 KiB", 1)]
    [InlineData("max-queue-size = 100, buffer-pool.budget = 1 MiB", 16)]
    [InlineData("buffer-pool.budget = 64 MiB", 256)]
    public void Never_more_than_the_configuration_allows(string keys, int depth)
    {
        var settings = AioSettings.Create(
            ConfigurationFactory.ParseString($"akka.io.aio {{ {keys} }}").WithFallback(AioSettings.DefaultConfig()));

        var limits = HashLimits.For(settings, depth);

        Assert.True(limits.Files >= 1 && limits.Window >= 1 && limits.Chunk >= 4096, limits.ToString());
        Assert.Equal(0, limits.Chunk % 4096);
        Assert.InRange((long)limits.Files * limits.Window, 1, depth + settings.MaxQueueSize);
        Assert.InRange((long)limits.Files * limits.Window * limits.Chunk, 1, Math.Min(settings.BufferBudget / 2, 96 << 20));
    }
}
