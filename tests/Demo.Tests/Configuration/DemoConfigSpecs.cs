using Akka.Configuration;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Configuration;

namespace AkkaAio.Demo.Tests.Configuration;

public sealed class DemoConfigSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_upper_layer_wins()
    {
        var config = DemoConfig.Layer(
            options: ConfigurationFactory.ParseString("akka.io.aio.depth = 1"),
            file: ConfigurationFactory.ParseString("akka.io.aio { depth = 2, shards = 2 }"),
            verbDefaults: ConfigurationFactory.ParseString("akka.io.aio { depth = 3, shards = 3, stripe-size = 3 }"));

        Assert.Equal(1, config.GetInt("akka.io.aio.depth"));
        Assert.Equal(2, config.GetInt("akka.io.aio.shards"));
        Assert.Equal(3, config.GetInt("akka.io.aio.stripe-size"));
        Assert.Equal(65536, config.GetInt("akka.io.aio.max-queue-size"));
        Assert.Equal("WARNING", config.GetString("akka.loglevel"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing but a comment\n")]
    [InlineData("akka.io.tcp.trace-logging = on")]
    [InlineData("akka { loglevel = DEBUG, actor { debug.receive = on } }")]
    [InlineData("my-dispatcher { type = ForkJoinDispatcher }\nakka.io.aio.blocking-dispatcher = my-dispatcher")]
    public void Akkas_own_keys_pass(string text)
    {
        var file = _folder.Text("good.conf", text);

        Assert.Equal(65536, DemoConfig.Layer(Config.Empty, DemoConfig.ReadFile(file), Config.Empty)
            .GetInt("akka.io.aio.max-queue-size"));
    }

    [Fact]
    public void The_samples_are_right()
    {
        var samples = Directory.GetFiles(Path.Join(AppContext.BaseDirectory, "config"), "demo-*.conf");

        Assert.NotEmpty(samples);
        Assert.All(samples, sample => Assert.NotNull(
            AioSettings.Create(DemoConfig.Layer(Config.Empty, DemoConfig.ReadFile(sample), Config.Empty))));
    }

    [Theory]
    [InlineData("depth = 3", "depth: no such key")]
    [InlineData("akka.loglevl = INFO", "akka.loglevl: no such key")]
    [InlineData("akka.io.oia.depth = 3", "akka.io.oia: no such key")]
    [InlineData("include \"other\"", "include")]
    [InlineData("akka.io.aio.depth = ${nothing}", "nothing")]
    public void What_nobody_reads_is_refused(string text, string reason)
    {
        var file = _folder.Text("bad.conf", text);

        var refusal = Assert.Throws<DemoException>(() => DemoConfig.ReadFile(file));

        Assert.StartsWith(file, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }
}
