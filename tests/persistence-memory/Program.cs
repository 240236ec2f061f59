using System.Runtime;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using AkkaAio.Persistence;
using AkkaAio.PersistenceMemory;

// What a process that does nothing else takes of memory. FOLDER is a store's.
//   write  FOLDER IDS EVENTS   writes EVENTS events of 100 bytes for each of IDS persistence ids
//   replay FOLDER EVENTS       replays the one id into a slow actor; at each million of events and at all of them prints their number, the
//                              process's peak in kB, and the kB of the system's buffers, in use and idle
//   open   FOLDER              opens the store, or makes it; prints the kB that the process has and the bytes of them that are managed
var (verb, folder) = (args[0], args[1]);
using var system = ActorSystem.Create("memory", ConfigurationFactory.ParseString($$"""
    akka { loglevel = WARNING, persistence.journal.plugin = akka.persistence.journal.aio }
    akka.persistence.aio-store { dir = "{{folder}}", zero-rate = 0 }
    """).WithFallback(AioPersistence.DefaultConfig));
var journal = Persistence.Instance.Apply(system).JournalFor(null);
var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
switch (verb)
{
    case "write":
        system.ActorOf(Props.Create(() => new Writer(journal, int.Parse(args[2]), int.Parse(args[3]), done)));
        await done.Task;
        break;
    case "replay":
        system.ActorOf(Props.Create(() => new SlowActor(int.Parse(args[2]), done)));
        await done.Task;
        break;
    case "open":
        var health = await journal.Ask<JournalHealthCheckResponse>(new CheckJournalHealth(default));
        while (health.Result.Status != PersistenceHealthStatus.Healthy)
        {
            await Task.Delay(10);
            health = await journal.Ask<JournalHealthCheckResponse>(new CheckJournalHealth(default));
        }

        for (var time = 0; time < 2; time++)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        Console.WriteLine($"{ProcessMemory.Of("RssAnon")} {GC.GetTotalMemory(forceFullCollection: true)}");
        break;
    default:
        throw new ArgumentException($"{verb} is none of write, replay, open");
}

await system.Terminate();
