using Akka.Actor;
using Akka.Hosting;
using AkkaAio.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AkkaAio.Hosting.Tests;

/// <summary>A real host whose actor system has its files in memory.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static int s_hosts;

    private readonly IHost _host;
    private bool _isStarted;

    public TestHost(Action<AkkaConfigurationBuilder> configure, Action<IServiceCollection>? services = null, AioSetup? setup = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        services?.Invoke(builder.Services);
        builder.Services.AddAkka($"hosted-{Interlocked.Increment(ref s_hosts)}", (akka, _) =>
        {
            akka.AddHocon("akka { loglevel = OFF, stdout-loglevel = OFF, io.aio.shards = 1 }", HoconAddMode.Append);
            akka.AddSetup(setup ?? new AioSetup(Engine));
            configure(akka);
        });
        _host = builder.Build();
    }

    public MemoryEngine Engine { get; } = new();

    public IServiceProvider Services => _host.Services;

    public ActorSystem System => Services.GetRequiredService<ActorSystem>();

    public AioExt Aio => AioExt.Get(System);

    public async Task StartAsync()
    {
        await _host.StartAsync().WaitAsync(Patience);
        _isStarted = true;
    }

    /// <summary>A host that did not start has stopped what had.</summary>
    public async Task StopAsync()
    {
        if (_isStarted)
        {
            await _host.StopAsync().WaitAsync(Patience);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Engine.OnOperation = null;
        Engine.Release();
        await StopAsync();
        _host.Dispose();
    }
}
