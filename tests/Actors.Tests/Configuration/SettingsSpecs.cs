using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Configuration;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Configuration;

/// <summary>Every key under akka.io.aio is checked; what is wrong stops the start with the key and what is allowed.</summary>
public sealed class SettingsSpecs
{
    private static readonly string[] Keys =
    [
        "engine", "shards", "shard-by", "stripe-size", "depth", "max-queue-size", "submit-batch-size", "submit-batch-min", "reap.min-nr",
        "reap.nr",
        "reap.timeout", "reap.poll", "reap.wait", "reap.thread", "slow-submit", "aio-max-nr-share", "drain-timeout", "buffer-pool.budget",
        "buffer-pool.memory-share",
    ];

    public static TheoryData<string> EveryKey { get; } = [.. Keys];

    public static TheoryData<string, string> OutOfRange { get; } = new()
    {
        { "engine", "io_uring" }, { "engine", "Linux-AIO" }, { "shards", "0" }, { "shards", "-1" }, { "shards", "1025" },
        { "shards", "1.5" }, { "shards", "2 MiB" }, { "shards", "99999999999" }, { "shards", "automatic" },
        { "shard-by", "path" }, { "stripe-size", "0" }, { "stripe-size", "4095" }, { "stripe-size", "2 TiB" },
        { "stripe-size", "-1" }, { "stripe-size", "1 lightyear" }, { "stripe-size", "999999999999999999999" },
        { "depth", "0" }, { "depth", "-5" }, { "depth", "65537" }, { "depth", "4.5" }, { "depth", "0x10" }, { "depth", "9999999999" },
        { "max-queue-size", "0" }, { "max-queue-size", "16777217" }, { "submit-batch-size", "0" }, { "submit-batch-size", "1025" },
        { "submit-batch-min", "0" },
        { "reap.min-nr", "-1" }, { "reap.min-nr", "129" }, { "reap.nr", "0" }, { "reap.nr", "65537" },
        { "reap.timeout", "0" }, { "reap.timeout", "0s" }, { "reap.timeout", "11 s" }, { "reap.timeout", "infinite" },
        { "reap.timeout", "-1s" }, { "reap.timeout", "1 year" }, { "reap.timeout", "100 us" },
        { "slow-submit", "2m" }, { "reap.poll", "-1ms" }, { "reap.poll", "2s" }, { "reap.poll", "infinite" }, { "reap.wait", "poll" },
        { "reap.thread", "reaper" },
        { "aio-max-nr-share", "0" }, { "aio-max-nr-share", "1.01" }, { "aio-max-nr-share", "-0.5" }, { "aio-max-nr-share", "NaN" },
        { "aio-max-nr-share", "50%" }, { "aio-max-nr-share", "Infinity" },
        { "drain-timeout", "9 ms" }, { "drain-timeout", "11 m" }, { "drain-timeout", "infinite" }, { "drain-timeout", "soon" },
        { "buffer-pool.budget", "0" }, { "buffer-pool.budget", "4095" }, { "buffer-pool.budget", "-1 MiB" },
        { "buffer-pool.budget", "lots" }, { "buffer-pool.memory-share", "0" }, { "buffer-pool.memory-share", "1.5" },
        { "buffer-pool.memory-share", "half" },
    };

    public static TheoryData<string, string> InRange { get; } = new()
    {
        { "engine", "linux-aio" }, { "engine", "\"linux-aio\"" }, { "engine", "auto" }, { "engine", "io-uring" },
        { "engine", "thread-pool" }, { "engine", "posix-aio" }, { "shards", "1" }, { "shards", "1024" },
        { "shards", "auto" }, { "shard-by", "stripe" }, { "stripe-size", "4096" }, { "stripe-size", "1 TiB" }, { "depth", "1" },
        { "depth", "65536" }, { "max-queue-size", "1" }, { "max-queue-size", "16777216" }, { "submit-batch-size", "1024" },
        { "submit-batch-min", "1" },
        { "reap.min-nr", "0" }, { "reap.min-nr", "128" }, { "reap.nr", "65536" }, { "reap.wait", "epoll" }, { "reap.thread", "own" },
        { "reap.timeout", "1 ms" }, { "reap.timeout", "10 s" },
        { "aio-max-nr-share", "1" }, { "aio-max-nr-share", "0.001" }, { "drain-timeout", "10 ms" }, { "drain-timeout", "10 m" },
        { "buffer-pool.budget", "4 KiB" },
        { "buffer-pool.budget", "100000000000" }, { "buffer-pool.budget", "auto" }, { "buffer-pool.memory-share", "1" },
    };

    [Fact]
    public void A_key_that_has_become_an_option_of_Open_is_refused_with_the_options_name()
    {
        var error = Assert.Throws<AioConfigurationException>(() => Create("akka.io.aio.preallocate-ahead = 64 MiB"));
        Assert.Contains("akka.io.aio.preallocate-ahead", error.Message, StringComparison.Ordinal);
        Assert.Contains("AioOpenOptions.GrowAhead", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_those_of_the_reference()
    {
        var settings = Create("");
        Assert.Equal("auto", settings.Engine);
        Assert.Equal(Math.Clamp(Environment.ProcessorCount / 2, 1, 8), settings.Shards);
        Assert.Equal(AioShardBy.File, settings.ShardBy);
        Assert.Equal(1 << 20, settings.StripeSize);
        Assert.Equal(256, settings.Depth);
        Assert.Equal(65536, settings.MaxQueueSize);
        Assert.Equal(32, settings.SubmitBatchSize);
        Assert.Equal(2, settings.SubmitBatchMin);
        Assert.Equal(
            new AioSettings.ReapSettings(
                MinNr: 1, Nr: 128, TimeSpan.FromMilliseconds(100), Poll: TimeSpan.FromMilliseconds(0.2), AioSettings.ReapWait.GetEvents,
                AioSettings.ReapThread.Shard),
            settings.Reap);
        Assert.Equal(0.5, settings.AioMaxNrShare);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.DrainTimeout);
        Assert.Equal(256 << 20, settings.BufferBudget);
        Assert.Equal(0.5, settings.MemoryShare);
    }

    [Fact]
    public void The_embedded_reference_is_the_file_in_config_and_the_only_source_of_defaults()
    {
        var file = File.ReadAllText(Path.Combine(Path.GetDirectoryName(SourcePath())!, "..", "..", "..", "config", "reference.conf"));
        Assert.Equal(
            ConfigurationFactory.ParseString(file).ToString(includeFallback: true),
            AioSettings.DefaultConfig().ToString(includeFallback: true));
        var leaves = Leaves(ConfigurationFactory.ParseString(file).GetConfig("akka.io.aio"), "").Where(key => !key.Contains("-dispatcher"));
        Assert.Equal(Keys.Order(), leaves.Order());

        // Each key has a comment above it.
        var lines = file.Split('\n');
        foreach (var key in Keys.Select(key => key.Split('.')[^1]))
        {
            var at = Array.FindIndex(lines, line => Regex.IsMatch(line, $"^ +{key} ="));
            Assert.True(at > 0 && lines[at - 1].TrimStart().StartsWith('#'), $"{key} has no comment");
        }
    }

    [Theory]
    [MemberData(nameof(InRange))]
    public void What_is_allowed_is_taken(string key, string value)
    {
        // Its smallest units, as Taken has them.
        var expected = value.Trim('"') switch
        {
            "auto" when key == "shards" => $"{Math.Clamp(Environment.ProcessorCount / 2, 1, 8)}",
            "auto" when key == "buffer-pool.budget" => $"{256 << 20}",
            "4 KiB" => "4096",
            "1 TiB" => "1099511627776",
            "1 ms" => "00:00:00.0010000",
            "10 ms" => "00:00:00.0100000",
            "10 s" => "00:00:10",
            "10 m" => "00:10:00",
            var plain => plain,
        };
        Assert.Equal(expected, Taken(Create($"akka.io.aio {{ {(key == "reap.min-nr" ? "reap.nr = 65536, " : "")}{key} = {value} }}"), key));
    }

    private static string Taken(AioSettings settings, string key)
    {
        object value = key switch
        {
            "engine" => settings.Engine,
            "shards" => settings.Shards,
            "shard-by" => settings.ShardBy,
            "stripe-size" => settings.StripeSize,
            "depth" => settings.Depth,
            "max-queue-size" => settings.MaxQueueSize,
            "submit-batch-size" => settings.SubmitBatchSize,
            "submit-batch-min" => settings.SubmitBatchMin,
            "reap.min-nr" => settings.Reap.MinNr,
            "reap.nr" => settings.Reap.Nr,
            "reap.wait" => settings.Reap.Wait,
            "reap.thread" => settings.Reap.Thread,
            "reap.timeout" => settings.Reap.Timeout,
            "aio-max-nr-share" => settings.AioMaxNrShare,
            "drain-timeout" => settings.DrainTimeout,
            "buffer-pool.budget" => settings.BufferBudget,
            "buffer-pool.memory-share" => settings.MemoryShare,
            _ => throw new ArgumentOutOfRangeException(nameof(key), key, "not looked at"),
        };
        var text = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{value}");
        return value is Enum ? text.ToLowerInvariant() : text;
    }

    [Theory]
    [MemberData(nameof(OutOfRange))]
    public void What_is_out_of_range_is_refused_with_the_key_and_the_value(string key, string value)
    {
        var error = Refused(key, $"akka.io.aio.{key} = {value}");
        Assert.Contains(value.Trim('"'), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryKey))]
    public void An_empty_value_is_refused(string key)
    {
        Refused(key, $"akka.io.aio.{key} = \"\"");
        Refused(key, $"akka.io.aio.{key} = \"  \"");
        Refused(key, $"akka.io.aio {{ {(key.Contains('.') ? $"{key.Split('.')[0]} {{ {key.Split('.')[1]} =\n }}" : $"{key} =\n")} }}");
    }

    [Theory]
    [MemberData(nameof(EveryKey))]
    public void A_section_a_list_and_null_are_refused_for_a_value(string key)
    {
        Refused(key, $"akka.io.aio.{key} {{ a = 1 }}");
        Refused(key, $"akka.io.aio.{key} {{ }}");
        Refused(key, $"akka.io.aio.{key} = [1, 2]");
        Refused(key, $"akka.io.aio.{key} = []");
        Refused(key, $"akka.io.aio.{key} = null");
    }

    [Theory]
    [MemberData(nameof(EveryKey))]
    public void A_misspelt_key_is_refused_with_those_that_are_allowed(string key)
    {
        var wrong = key + "s-";
        var error = Refused(wrong, $"akka.io.aio.{wrong} = 1");
        Assert.Contains(key.Split('.')[^1], error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reap", "1")]
    [InlineData("reap", "")]
    [InlineData("reap", "[]")]
    [InlineData("buffer-pool", "256 MiB")]
    [InlineData("buffer-pool", "off")]
    public void A_value_for_a_section_is_refused(string section, string value) => Refused(section, $"akka.io.aio.{section} = \"{value}\"");

    [Theory]
    [InlineData("depht = 64", "depht")]
    [InlineData("reap.min_nr = 1", "reap.min_nr")]
    [InlineData("reap { min-nr { a = 1 } }", "reap.min-nr")]
    [InlineData("buffer-pool.depth = 1", "buffer-pool.depth")]
    [InlineData("\"reap.nr\" = 5", "reap.nr")]
    [InlineData("depth 64", "depth")]
    public void Slips_that_the_parser_lets_pass_are_refused(string hocon, string key)
    {
        var error = Assert.Throws<AioConfigurationException>(() => Create($"akka.io.aio {{ {hocon} }}"));
        Assert.Contains(key, error.Key, StringComparison.Ordinal);
        Assert.StartsWith(error.Key, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("akka.io.aio = 5")]
    [InlineData("akka.io.aio = \"\"")]
    [InlineData("akka.io.aio = []")]
    public void A_root_that_is_no_section_is_refused(string hocon) =>
        Assert.StartsWith("akka.io.aio", Assert.Throws<AioConfigurationException>(() => Create(hocon)).Key, StringComparison.Ordinal);

    [Fact]
    public void A_forgotten_brace_is_refused()
    {
        // shard-by and the rest fall into reap.
        var error = Assert.ThrowsAny<ConfigurationException>(
            () => Create("akka.io.aio { reap { min-nr = 1\n shard-by = file\n depth = 5 }"));
        Assert.Contains("reap", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Min_nr_above_nr_is_refused_in_words()
    {
        var error = Refused("reap.min-nr", "akka.io.aio.reap { min-nr = 9, nr = 8 }");
        Assert.Contains("akka.io.aio.reap.nr = 8", error.Message, StringComparison.Ordinal);
        Refused("reap.min-nr", "akka.io.aio.reap { min-nr = 200 }");
        Assert.Equal(8, Create("akka.io.aio.reap { min-nr = 8, nr = 8 }").Reap.MinNr);
    }

    [Fact]
    public void A_substitution_is_resolved_before_it_is_checked()
    {
        Assert.Equal(77, Create("my.depth = 77\nakka.io.aio.depth = ${my.depth}").Depth);
        Refused("depth", "my.depth = many\nakka.io.aio.depth = ${my.depth}");
    }

    [Theory]
    [InlineData("depth = many", "depth")]
    [InlineData("reap.min-nr = 5, akka.io.aio.reap.nr = 4", "reap.min-nr")]
    [InlineData("nonsense = 1", "nonsense")]
    public async Task The_start_fails_and_leaves_no_context(string setting, string key)
    {
        var engine = new MemoryEngine();
        var system = ActorSystem.Create("wrong", AioTestKit.SetupOf(EngineKind.Memory, engine, $"akka.io.aio.{setting}"));
        try
        {
            var error = Assert.Throws<AioConfigurationException>(() => system.Aio());
            Assert.Equal($"akka.io.aio.{key}", error.Key);
            Assert.Equal(0, engine.OpenContexts);
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience.Long);
        }
    }

    internal static AioConfigurationException Refused(string key, string hocon)
    {
        var error = Assert.Throws<AioConfigurationException>(() => Create(hocon));
        Assert.Equal($"akka.io.aio.{key}", error.Key);
        Assert.StartsWith($"akka.io.aio.{key}: ", error.Message, StringComparison.Ordinal);
        return error;
    }

    internal static AioSettings Create(string hocon) =>
        AioSettings.Create(ConfigurationFactory.ParseString(hocon).WithFallback(AioSettings.DefaultConfig()));

    private static IEnumerable<string> Leaves(Config config, string prefix) => config.AsEnumerable().SelectMany(pair =>
        pair.Value.IsObject() ? Leaves(config.GetConfig(pair.Key), $"{prefix}{pair.Key}.") : [$"{prefix}{pair.Key}"]);

    private static string SourcePath([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;
}
