using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.Benchmarks.Journals;

/// <summary>A journal that is measured.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Configuration">HOCON, given the folder of its store.</param>
/// <param name="Stores">False: nothing outlives the actor system, so that there is nothing to recover.</param>
internal sealed record JournalContender(string Name, Func<string, string> Configuration, bool Stores = true)
{
    private const string Quiet = """
        akka.loglevel = ERROR
        akka.stdout-loglevel = OFF
        akka.persistence.max-concurrent-recoveries = 50
        """;

    public static JournalContender BestSql { get; } = new(
        "Akka.Persistence.Sql, best",
        folder => Sql(folder, "parallelism = 1, db-round-trip-max-batch-size = 1000, batch-size = 1000"));

    public static JournalContender InMemory { get; } = new(
        "in memory", _ => "akka.persistence.journal.plugin = akka.persistence.journal.inmem", Stores: false);

    public static JournalContender[] All { get; } =
    [
        new("AkkaAio", folder => Aio(folder, "")),
        new("AkkaAio, one batch at a time", folder => Aio(folder, "akka.persistence.aio-store.write.pipeline = 1")),
        BestSql,
        new("Akka.Persistence.Sql, defaults", folder => Sql(folder, "")),
        InMemory,
    ];

    /// <summary>An actor system with this journal, in a folder.</summary>
    public ActorSystem Start(string folder) => ActorSystem.Create(
        "journal", ConfigurationFactory.ParseString($"{Configuration(folder)}\n{Quiet}"));

    private static string Aio(string folder, string more) => $$"""
        {{more}}
        akka.persistence.journal {
          plugin = "akka.persistence.journal.aio", aio.class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence"
        }
        akka.persistence.aio-store.dir = "{{folder}}"
        """;

    // Microsoft's SQLite is twice as fast here as System.Data's. synchronous = FULL is its default: each commit is on the disk.
    private static string Sql(string folder, string more) => $$"""
        akka.persistence.journal {
          plugin = "akka.persistence.journal.sql"
          sql {
            class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
            provider-name = "SQLite.MS"
            connection-string = "Data Source={{folder}}/journal.db"
            auto-initialize = on
            circuit-breaker.call-timeout = 5m # 10 s are too few for the batches of 1000 actors on a busy disk
            {{more}}
          }
        }
        """;
}
