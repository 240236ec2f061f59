using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace AkkaAio.Hosting.Tests;

/// <summary>Files that are opened before the actors and closed after them.</summary>
public sealed class FileSpecs
{
    private static readonly AioOpenOptions New = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite };

    [Fact]
    public async Task An_actor_has_the_file_from_its_constructor_on_until_it_has_stopped()
    {
        var events = new ConcurrentQueue<string>();
        await using var host = new TestHost(
            akka => akka.WithAio().WithAioFile<Orders>("/orders.log", New).WithActors((system, registry, resolver) =>
                registry.Register<Writer>(system.ActorOf(resolver.Props<Writer>(), "writer"))),
            services => services.AddAioFiles().AddSingleton(events));
        host.Engine.OnFileCall = (call, _) =>
        {
            events.Enqueue(call);
            return Errno.None;
        };
        await host.StartAsync();
        var writer = host.Services.GetRequiredService<IRequiredActor<Writer>>().ActorRef;
        Assert.Equal("written to /orders.log", await writer.Ask<string>("write", TestHost.Patience));
        Assert.Equal("/orders.log", host.Services.GetRequiredService<IRequiredAioFile<Orders>>().File.Path);
        Assert.Equal("/orders.log", host.System.GetAioFile<Orders>().Path);
        await host.StopAsync();

        var order = events.Where(name => name is "open" or "started" or "stopped" or "close").ToArray();
        Assert.Equal(["open", "started", "stopped", "close"], order);
        Assert.Equal(0, host.Engine.OpenFiles);
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_fails_the_start_of_the_host_with_its_cause()
    {
        var isStarted = false;
        await using var host = new TestHost(akka => akka.WithAio().WithAioFile<Orders>("/missing", new() { Mode = FileMode.Open })
            .WithActors((_, _) => isStarted = true));
        var error = await Assert.ThrowsAsync<AioSystemException>(host.StartAsync);
        Assert.Equal((Errno.ENOENT, "/missing"), (error.Errno, error.Path));
        Assert.False(isStarted);
    }

    [Fact]
    public async Task A_service_that_starts_before_the_actor_system_waits_for_it()
    {
        await using var host = new TestHost(
            akka => akka.WithAio().WithAioFile<Orders>("/orders.log", New),
            services => services.AddAioFiles().AddHostedService<Early>().AddSingleton<Seen>());
        await host.StartAsync();
        Assert.Equal("/orders.log", (await host.Services.GetRequiredService<Seen>().File.Task.WaitAsync(TestHost.Patience)).Path);
    }

    [Fact]
    public async Task A_file_that_nothing_opens_says_what_to_do()
    {
        await using var host = new TestHost(akka => akka.WithAio(), services => services.AddAioFiles());
        await host.StartAsync();
        var file = host.Services.GetRequiredService<IRequiredAioFile<Orders>>();
        Assert.Contains("WithAioFile<Orders>", Assert.Throws<InvalidOperationException>(() => file.File).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_files_with_one_key_fail_the_start()
    {
        await using var host = new TestHost(
            akka => akka.WithAio().WithAioFile<Orders>("/1", New).WithAioFile<Orders>("/2", New));
        Assert.Contains(
            "a key of its own", (await Assert.ThrowsAsync<InvalidOperationException>(host.StartAsync)).Message, StringComparison.Ordinal);
    }

    private sealed class Orders;

    private sealed class Writer : ReceiveActor
    {
        private readonly ConcurrentQueue<string> _events;

        public Writer(IRequiredAioFile<Orders> orders, ConcurrentQueue<string> events)
        {
            _events = events;
            var file = orders.File;
            events.Enqueue("started");
            ReceiveAsync<string>(async _ =>
            {
                var sender = Sender;
                await file.WriteAsync(new byte[4096], 0);
                sender.Tell($"written to {file.Path}");
            });
        }

        protected override void PostStop() => _events.Enqueue("stopped");
    }

    private sealed class Seen
    {
        public TaskCompletionSource<AioFile> File { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    // Registered before AddAkka: it starts first.
    private sealed class Early(IServiceProvider services) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken) => services.GetRequiredService<Seen>().File.SetResult(
            await services.GetRequiredService<IRequiredAioFile<Orders>>().GetAsync(stoppingToken));
    }
}
