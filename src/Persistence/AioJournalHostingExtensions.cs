using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Persistence;
using AkkaAio.Persistence.Store;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AkkaAio.Persistence;

/// <summary>The journal and the snapshot store in a host's actor system.</summary>
public static class AioJournalHostingExtensions
{
    /// <summary>
    /// Keeps events and snapshots in a folder: makes the journal and the snapshot store of this package the system's own. All other keys
    /// are HOCON, under <c>akka.persistence.aio-store</c>.
    /// </summary>
    /// <param name="akka">The builder.</param>
    /// <param name="folder">On a local disk; made if it is not there. One process at a time uses it.</param>
    /// <param name="withSnapshots">False: the system's snapshot store is another.</param>
    public static AkkaConfigurationBuilder WithAioJournal(this AkkaConfigurationBuilder akka, string folder, bool withSnapshots = true)
    {
        ArgumentNullException.ThrowIfNull(akka);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var quoted = folder.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        akka.AddHocon($"akka.persistence.aio-store.dir = \"{quoted}\"", HoconAddMode.Prepend);
        akka.AddHocon("akka.persistence.journal.plugin = akka.persistence.journal.aio", HoconAddMode.Prepend);
        if (withSnapshots)
        {
            akka.AddHocon("akka.persistence.snapshot-store.plugin = akka.persistence.snapshot-store.aio", HoconAddMode.Prepend);
        }

        return akka.AddHocon(AioPersistence.DefaultConfig, HoconAddMode.Append);
    }

    /// <summary>
    /// Adds a health check of the journal, and of the snapshot store if that is the system's own: healthy while they take writes, degraded
    /// while they are being recovered or have no space for another segment, unhealthy while they refuse requests.
    /// </summary>
    /// <param name="akka">The builder.</param>
    /// <param name="name">Of the check in its report.</param>
    public static AkkaConfigurationBuilder WithAioJournalHealthCheck(this AkkaConfigurationBuilder akka, string name = "akka-aio-journal")
    {
        ArgumentNullException.ThrowIfNull(akka);
        return akka.WithHealthCheck(
            name, static (system, _, stop) => CheckAsync(system, stop), HealthStatus.Unhealthy, ["ready", "aio"], timeout: null);
    }

    private static async Task<HealthCheckResult> CheckAsync(ActorSystem system, CancellationToken stop)
    {
        const string Snapshots = "akka.persistence.snapshot-store";
        var persistence = Akka.Persistence.Persistence.Instance.Apply(system);
        var worst = await persistence.CheckJournalHealthAsync("akka.persistence.journal.aio", stop).ConfigureAwait(false);
        if (system.Settings.Config.GetString($"{Snapshots}.plugin") == $"{Snapshots}.aio")
        {
            var snapshots = await persistence.CheckSnapshotStoreHealthAsync($"{Snapshots}.aio", stop).ConfigureAwait(false);
            worst = IsWorse(snapshots.Status, worst.Status) ? snapshots : worst;
        }

        return new HealthCheckResult(StatusOf(worst.Status), worst.Description, worst.Exception);
    }

    private static bool IsWorse(PersistenceHealthStatus one, PersistenceHealthStatus other) => StatusOf(one) < StatusOf(other);

    private static HealthStatus StatusOf(PersistenceHealthStatus status) => status switch
    {
        PersistenceHealthStatus.Healthy => HealthStatus.Healthy,
        PersistenceHealthStatus.Degraded => HealthStatus.Degraded,
        _ => HealthStatus.Unhealthy,
    };
}

/// <summary>The defaults of this package.</summary>
public static class AioPersistence
{
    /// <summary>
    /// <c>reference-persistence.conf</c>: a fallback for a system's configuration, with the classes and the dispatcher of the journal and
    /// the snapshot store. Without Akka.Hosting: <c>config.WithFallback(AioPersistence.DefaultConfig)</c>.
    /// </summary>
    public static Config DefaultConfig { get; } = AioStores.DefaultConfig();
}
