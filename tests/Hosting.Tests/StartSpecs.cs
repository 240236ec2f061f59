using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AkkaAio.Hosting.Tests;

/// <summary>AkkaAio starts with the host, or the host does not start.</summary>
public sealed class StartSpecs
{
    [Theory]
    [InlineData("options")]
    [InlineData("delegate")]
    [InlineData("section")]
    [InlineData("arguments")]
    public async Task Each_shape_sets_what_it_is_given(string shape)
    {
        await using var host = new TestHost(akka => With(akka, shape, "linux-aio"));
        await host.StartAsync();
        Assert.Equal((2, 32), (host.Aio.Settings.Shards, host.Aio.Settings.Depth));
        Assert.Equal("linux-aio", host.Aio.Settings.Engine);
        Assert.Same(host.Aio.Ref, host.Services.GetRequiredService<IRequiredActor<AioKey>>().ActorRef);
    }

    [Theory]
    [InlineData("options")]
    [InlineData("delegate")]
    [InlineData("section")]
    [InlineData("arguments")]
    public async Task A_wrong_value_fails_the_start_of_the_host_with_its_key(string shape)
    {
        await using var host = new TestHost(akka => With(akka, shape, "linux-aoi"));
        var error = await Assert.ThrowsAsync<AioConfigurationException>(host.StartAsync);
        Assert.Equal("akka.io.aio.engine", error.Key);
        Assert.Contains("linux-aoi", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_arguments_the_configuration_of_the_system_counts()
    {
        await using var host = new TestHost(akka => akka.WithAio().AddHocon("akka.io.aio.depth = 17", HoconAddMode.Prepend));
        await host.StartAsync();
        Assert.Equal(17, host.Aio.Settings.Depth);
    }

    [Fact]
    public async Task The_first_actor_finds_it_started()
    {
        IActorRef? found = null;
        await using var host = new TestHost(akka => akka.WithAio().WithActors((_, registry) => found = registry.Get<AioKey>()));
        await host.StartAsync();
        Assert.Same(host.Aio.Ref, found);
    }

    private static AkkaConfigurationBuilder With(AkkaConfigurationBuilder akka, string shape, string engine) => shape switch
    {
        "options" => akka.WithAio(new AioOptions { Engine = engine, Shards = 2, Depth = 32 }),
        "delegate" => akka.WithAio(options => (options.Engine, options.Shards, options.Depth) = (engine, 2, 32)),
        "section" => akka.WithAio(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Aio:Engine"] = engine,
            ["Aio:Shards"] = "2",
            ["Aio:Depth"] = "32",
        }).Build().GetSection("Aio")),
        _ => akka.WithAio(engine: engine, shards: 2, depth: 32),
    };
}
