using Akka.Actor;
using Akka.Hosting;
using Akka.Persistence;
using AkkaAio.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace AkkaAio.Persistence.Tests.Operations;

/// <summary>The journal and the snapshot store in a host, by two lines.</summary>
public sealed class HostingSpecs
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly AioTestDisk _disk = new() { Alignment = 4096 };

    [Fact]
    public async Task A_host_keeps_events_and_snapshots_in_a_folder_and_checks_their_health()
    {
        for (var life = 1; life <= 3; life++)
        {
            using var host = await StartAsync();
            var counter = host.Services.GetRequiredService<ActorSystem>().ActorOf(Props.Create(() => new Counter()));
            Assert.Equal((2 * life) - 1, await counter.Ask<int>("add", Patience));
            Assert.Equal(2 * life, await counter.Ask<int>("add and save", Patience));
            Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host)).Status);
            await host.StopAsync().WaitAsync(Patience);
        }

        Assert.Contains(_disk.Files, path => path.StartsWith("/data/my \"shop\"/events/", StringComparison.Ordinal));
        Assert.Contains(_disk.Files, path => path.StartsWith("/data/my \"shop\"/snapshots/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_failed_disk_is_unhealthy_and_says_why()
    {
        using var host = await StartAsync();
        using var fails = _disk.Writes().Fail(Errno.EIO);
        _ = host.Services.GetRequiredService<ActorSystem>().ActorOf(Props.Create(() => new Counter())); // the journal starts
        var entry = await CheckAsync(host);
        while (entry.Status == HealthStatus.Degraded)
        {
            entry = await CheckAsync(host);
        }

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Equal(Errno.EIO, Assert.IsType<AioSystemException>(entry.Exception).Errno);
        Assert.Contains("/data/my \"shop\"", entry.Description, StringComparison.Ordinal);
        await host.StopAsync().WaitAsync(Patience);
    }

    private async Task<IHost> StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddHealthChecks();
        builder.Services.AddAkka("shop", (akka, _) => akka
            .AddHocon("akka { loglevel = OFF, stdout-loglevel = OFF, persistence.aio-store.segment-size = 1 MiB }", HoconAddMode.Prepend)
            .AddSetup(_disk.Setup)
            .WithAioJournal("/data/my \"shop\"")
            .WithAioJournalHealthCheck());
        var host = builder.Build();
        await host.StartAsync().WaitAsync(Patience);
        return host;
    }

    private static async Task<HealthReportEntry> CheckAsync(IHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WaitAsync(Patience)).Entries["akka-aio-journal"];

    private sealed class Counter : UntypedPersistentActor
    {
        private int _count;
        private IActorRef _asker = ActorRefs.Nobody;

        public override string PersistenceId => "counter";

        protected override void OnCommand(object message)
        {
            switch (message)
            {
                case string command:
                    _asker = Sender;
                    Persist("added", _ =>
                    {
                        _count++;
                        if (command == "add")
                        {
                            _asker.Tell(_count);
                        }
                        else
                        {
                            SaveSnapshot(_count);
                        }
                    });
                    break;
                case SaveSnapshotSuccess:
                    _asker.Tell(_count);
                    break;
            }
        }

        protected override void OnRecover(object message)
        {
            if (message is SnapshotOffer { Snapshot: var count })
            {
                _count = Convert.ToInt32(count, System.Globalization.CultureInfo.InvariantCulture);
            }
            else if (message is string)
            {
                _count++;
            }
        }
    }
}
