using Akka.Actor;
using Akka.Configuration;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Configuration;

namespace AkkaAio.Demo.Session;

/// <summary>An actor system with AkkaAio started, for as long as a verb runs.</summary>
internal sealed class AioSession : IAsyncDisposable
{
    private AioSession(ActorSystem system, AioExt aio)
    {
        System = system;
        Aio = aio;
    }

    public ActorSystem System { get; }

    public AioExt Aio { get; }

    /// <summary>Starts the system and opens the contexts.</summary>
    /// <param name="configFile">The file of <c>--config</c>, or null.</param>
    /// <param name="options">What the verb's options say.</param>
    /// <param name="verbDefaults">What the verb wants where neither options nor file say anything.</param>
    /// <param name="setup">An engine in the place of the configured one.</param>
    public static Task<AioSession> StartAsync(
        string? configFile, Config? options = null, Config? verbDefaults = null, AioSetup? setup = null) => StartAsync(
        DemoConfig.Layer(options ?? Config.Empty, DemoConfig.ReadFile(configFile), verbDefaults ?? Config.Empty), configFile, setup);

    /// <summary>Starts the system with layers that are put together already.</summary>
    public static async Task<AioSession> StartAsync(Config config, string? configFile, AioSetup? setup = null)
    {
        ActorSystem system;
        try
        {
            var bootstrap = BootstrapSetup.Create().WithConfig(config);
            system = setup is null ? ActorSystem.Create("akka-aio", bootstrap) : ActorSystem.Create("akka-aio", bootstrap.And(setup));
        }
        catch (Exception e) when (configFile is not null)
        {
            throw new DemoException($"{configFile}: {Complaint.Describe(e)}");
        }

        try
        {
            return new AioSession(system, AioExt.Get(system));
        }
        catch
        {
            await system.Terminate();
            throw;
        }
    }

    /// <summary>Ends the system: files are closed, contexts destroyed.</summary>
    public async ValueTask DisposeAsync() => await System.Terminate();
}
