using Akka.Configuration;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace AkkaAio.Hosting.Tests;

/// <summary>What the options and sections of a host become in the configuration of its actor system.</summary>
public sealed class OptionsSpecs
{
    [Fact]
    public void Options_emit_what_is_set_and_nothing_else()
    {
        Assert.True(new AioOptions().ToConfig().IsEmpty);
        var config = new AioOptions { Shards = 2, Reap = { Poll = TimeSpan.FromMilliseconds(0.25) } }.ToConfig();
        Assert.Equal(["reap.poll", "shards"], KeysOf(config.GetConfig(AioSettings.Path)));
    }

    [Fact]
    public void Options_have_every_key_of_the_reference_but_the_dispatchers()
    {
        var all = AllOptions().ToConfig();
        Assert.Equal(
            KeysOf(AioSettings.DefaultConfig().GetConfig(AioSettings.Path)).Where(key => !key.Contains("-dispatcher.")),
            KeysOf(all.GetConfig(AioSettings.Path)));
        var settings = AioSettings.Create(all.WithFallback(AioSettings.DefaultConfig()));
        Assert.Equal(("io-uring", 3, AioShardBy.Stripe), (settings.Engine, settings.Shards, settings.ShardBy));
        Assert.Equal((2L << 20, 0.75), (settings.StripeSize, settings.MemoryShare));
        Assert.Equal((32, 100, 16, 4), (settings.Depth, settings.MaxQueueSize, settings.SubmitBatchSize, settings.SubmitBatchMin));
        Assert.Equal(TimeSpan.FromMilliseconds(0.5), settings.SlowSubmit);
        Assert.Equal((0.25, TimeSpan.FromSeconds(2), 64L << 20), (settings.AioMaxNrShare, settings.DrainTimeout, settings.BufferBudget));
        Assert.Equal(
            new AioSettings.ReapSettings(
                1, 64, TimeSpan.FromMilliseconds(50), TimeSpan.FromMicroseconds(100),
                AioSettings.ReapWait.Epoll, AioSettings.ReapThread.Own),
            settings.Reap);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("with \"quotes\", \\ and ${substitution} # no comment")]
    [InlineData("a/b = { c : d }\n\tnext line")]
    public void Text_is_taken_as_it_is(string text) =>
        Assert.Equal(text, new AioOptions { Engine = text }.ToConfig().GetString("akka.io.aio.engine"));

    [Fact]
    public void A_section_takes_every_key_however_it_is_written()
    {
        var config = Section(
            ("Shards", "2"), ("max_queue_size", "100"), ("drain-timeout", "00:00:02"), ("SLOWSUBMIT", "2 ms"),
            ("Reap:MinNr", "2"), ("BufferPool:Budget", "64 MiB"), ("BlockingDispatcher:threads", "3"));
        var settings = AioSettings.Create(config.WithFallback(AioSettings.DefaultConfig()));
        Assert.Equal((2, 100, TimeSpan.FromSeconds(2)), (settings.Shards, settings.MaxQueueSize, settings.DrainTimeout));
        Assert.Equal((TimeSpan.FromMilliseconds(2), 2, 64L << 20), (settings.SlowSubmit, settings.Reap.MinNr, settings.BufferBudget));
        Assert.Equal(3, config.GetInt("akka.io.aio.blocking-dispatcher.threads"));
    }

    [Theory]
    [InlineData("Shardz", "2", "akka.io.aio.shardz")]
    [InlineData("Reap:MaxWait", "1 s", "akka.io.aio.reap.max-wait")]
    [InlineData("Depth", "many", "akka.io.aio.depth")]
    [InlineData("DrainTimeout", "-00:00:02", "akka.io.aio.drain-timeout")]
    [InlineData("Depth:Min", "2", "akka.io.aio.depth")]
    [InlineData("Reap", "fast", "akka.io.aio.reap")]
    public void What_is_wrong_in_a_section_is_named(string key, string value, string named)
    {
        var config = Section((key, value)).WithFallback(AioSettings.DefaultConfig());
        Assert.Equal(named, Assert.Throws<AioConfigurationException>(() => AioSettings.Create(config)).Key);
    }

    private static AioOptions AllOptions() => new()
    {
        Engine = "io-uring",
        Shards = 3,
        ShardBy = AioShardBy.Stripe,
        StripeSize = "2 MiB",
        Depth = 32,
        MaxQueueSize = 100,
        SubmitBatchSize = 16,
        SubmitBatchMin = 4,
        SlowSubmit = TimeSpan.FromMilliseconds(0.5),
        AioMaxNrShare = 0.25,
        DrainTimeout = TimeSpan.FromSeconds(2),
        Reap =
        {
            Wait = AioSettings.ReapWait.Epoll,
            Thread = AioSettings.ReapThread.Own,
            MinNr = 1,
            Nr = 64,
            Timeout = TimeSpan.FromMilliseconds(50),
            Poll = TimeSpan.FromMicroseconds(100),
        },
        BufferPool = { Budget = "64 MiB", MemoryShare = 0.75 },
    };

    private static Config Section(params (string Key, string Value)[] values) => SectionHocon.ToConfig(
        new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(value => KeyValuePair.Create<string, string?>($"AkkaAio:{value.Key}", value.Value)))
            .Build().GetSection("AkkaAio"));

    private static IEnumerable<string> KeysOf(Config config) => config.AsEnumerable()
        .SelectMany(its => its.Value.IsObject() ? KeysOf(config.GetConfig(its.Key)).Select(key => $"{its.Key}.{key}") : [its.Key])
        .Order(StringComparer.Ordinal);
}
