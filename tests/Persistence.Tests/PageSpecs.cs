using System.Runtime.CompilerServices;
using System.Text;
using Akka.Actor;
using Akka.Hosting;
using AkkaAio.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace AkkaAio.Persistence.Tests;

/// <summary>The samples of docs/persistence.md, compiled and run from here; tests/packaging runs the first one, a program.</summary>
public sealed class PageSpecs : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("akka-aio-page.").FullName;

    [Theory]
    [InlineData("host")]
    [InlineData("log")]
    public void The_page_shows_the_sample_that_is_run_here(string name) => Samples.AssertShows(name, "docs/persistence.md", SourcePath());

    [Fact]
    public async Task The_log_alone_keeps_records_in_order()
    {
        using var system = ActorSystem.Create("page", "akka.loglevel = WARNING");
        var (record, header, body) = ("record"u8.ToArray(), "header"u8.ToArray(), "body"u8.ToArray());
        var read = new List<string>();
        await RunAsync();
        Assert.Equal(["1 record", "2 header", "3 body"], read);
        await system.Terminate();

        async Task RunAsync()
        {
            var folder = _folder;
            // sample: log
            await using var log = await AioLog.OpenAsync(system, folder);
            var position = await log.AppendAsync(record); // on stable storage
            await log.AppendAsync([header, body]);        // both or none
            await foreach (var (at, data) in log.ReadAsync(from: position))
            {
                read.Add($"{at} {Encoding.UTF8.GetString(data.Span)}");
            }
            // end
        }
    }

    [Fact]
    public async Task A_host_starts_with_the_journal() // Operations/HostingSpecs has its events, snapshots and health
    {
        var builder = Host.CreateApplicationBuilder();
        Add(builder);
        using var host = builder.Build();
        await host.StartAsync();
        var config = host.Services.GetRequiredService<ActorSystem>().Settings.Config;
        Assert.Equal("akka.persistence.journal.aio", config.GetString("akka.persistence.journal.plugin"));
        Assert.Equal("/var/lib/shop", config.GetString("akka.persistence.aio-store.dir"));
        await host.StopAsync();

        static void Add(HostApplicationBuilder builder)
        {
            // sample: host
            builder.Services.AddAkka("shop", (akka, _) => akka
                .WithAioJournal("/var/lib/shop") // the snapshot store too
                .WithAioJournalHealthCheck());
            // end
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string SourcePath([CallerFilePath] string path = "") => path;
}
