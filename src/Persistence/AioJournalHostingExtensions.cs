using Akka.Configuration;
using Akka.Hosting;
using AkkaAio.Persistence.Store;

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
