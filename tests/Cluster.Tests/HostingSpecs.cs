using System.Text;
using Akka.Actor;
using Akka.Hosting;
using AkkaAio.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AkkaAio.Cluster.Tests;

/// <summary>A node in a host: its folders, its roles, and starts that are refused.</summary>
public sealed class HostingSpecs : IDisposable
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(60);

    private readonly string _folder =
        Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "tmp-\"-" + Guid.NewGuid().ToString("N"))).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_host_serves_its_folder_with_its_own_roles_beside_and_gives_it_back()
    {
        using var host = HostOf(akka => akka
            .AddHocon("akka.cluster.roles = [\"web\"]", HoconAddMode.Prepend)
            .WithAioCluster(_folder)
            .StartActors((system, _) => Assert.Single(system.AioCluster().Disks))); // there before the actors
        await host.StartAsync().WaitAsync(Time);

        var cluster = host.Services.GetRequiredService<ActorSystem>().AioCluster();
        Assert.Contains("web", cluster.Cluster.SelfRoles);
        var address = $"{cluster.Disks[0].Id}/letter";
        var file = await cluster.OpenAsync(address, new AioClusterOpenOptions { Mode = FileMode.CreateNew }).WaitAsync(Time);
        await file.WriteAsync("dear"u8.ToArray(), 0);
        await file.FlushAsync();
        Assert.Equal("dear", Encoding.UTF8.GetString((await file.ReadAsync(0, 100)).Span));
        await host.StopAsync().WaitAsync(Time);

        Assert.Equal("dear", await File.ReadAllTextAsync(Path.Combine(_folder, "files", "letter")));
        Disks.LocalDisk.Open(_folder).Dispose();
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_fails_the_start_and_says_why()
    {
        using var held = Disks.LocalDisk.Open(_folder);
        using var host = HostOf(akka => akka.WithAioCluster(_folder));
        var refused = await Assert.ThrowsAsync<AioClusterException>(() => host.StartAsync().WaitAsync(Time));
        Assert.Contains("in use by another", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roles_that_are_set_behind_it_fail_the_start_and_the_folder_is_given_back()
    {
        using (var host = HostOf(akka => akka
            .WithAioCluster(_folder)
            .AddHocon("akka.cluster.roles = [\"web\"]", HoconAddMode.Prepend)))
        {
            var refused = await Assert.ThrowsAsync<AioClusterException>(() => host.StartAsync().WaitAsync(Time));
            Assert.Contains("akka.cluster.roles", refused.Message, StringComparison.Ordinal);
            if (host.Services.GetService<ActorSystem>() is { } system)
            {
                await system.Terminate().WaitAsync(Time);
            }
        }

        Disks.LocalDisk.Open(_folder).Dispose();
    }

    private static IHost HostOf(Action<AkkaConfigurationBuilder> configure)
    {
        var port = FreePort.Take();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAkka("files", (akka, _) =>
        {
            akka.AddHocon(ClusterFixture.ConfigOf(port, port), HoconAddMode.Append);
            configure(akka);
        });
        return builder.Build();
    }
}
