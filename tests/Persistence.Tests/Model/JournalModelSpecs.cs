using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Model;

/// <summary>
/// Several persistent actors on a disk that fails by chance at each step: each request has one reply, nothing that was acknowledged is
/// lost, nothing comes back twice or out of order; and after a power cut at the end the same holds.
/// </summary>
public sealed class JournalModelSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    [Fact]
    public Task Whatever_the_disk_does_nothing_is_lost() => new ModelSchedules(Output, DiskStep.All).RunAsync(RunAsync);

    private static async Task RunAsync(ModelDisk disk)
    {
        var hocon = disk.HoconOf(store => $$"""
            akka.persistence.journal.aio-{{store}} {
              class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence"
              plugin-dispatcher = "akka.actor.default-dispatcher"
              store = "akka.persistence.aio-store-{{store}}"
            }
            """);
        var models = await RunActorsAsync(disk, hocon);

        // Now as after a power cut: nothing under way counts, and nothing that is durable may be missing; and again, sometimes three times.
        var seed = disk.Seeds[0];
        var after = disk.Disk.PowerCut(CrashModel.Any, seed);
        for (var life = disk.Random.Next(4) == 0 ? 0 : 2; life < 3; life++)
        {
            await CheckAsync(after, hocon, models);
            after = after.PowerCut(CrashModel.Any, seed + life);
        }
    }

    private static async Task<List<(int Store, ModelActor Actor)>> RunActorsAsync(ModelDisk disk, string hocon)
    {
        var progress = new ModelProgress(disk.Heal);
        using var system = ActorSystem.Create("model", SetupOf(hocon, disk.Disk));
        var running = new List<Task<(int Store, ModelActor Actor)>>();
        for (var store = 0; store < disk.Seeds.Length; store++)
        {
            var random = new Random(disk.Seeds[store]);
            var journal = JournalOf(system, store);
            var name = random.Next(4) == 0 ? ModelActor.Large : "small";
            for (var i = random.Next(1, name == ModelActor.Large ? 3 : 6); i > 0; i--)
            {
                var (id, at, seed, writes) = ($"{name}-{i}", store, random.Next(), random.Next(5, 60));
                var done = new TaskCompletionSource<ModelActor>(TaskCreationOptions.RunContinuationsAsynchronously);
                progress.Add(writes * 3 / 4);
                system.ActorOf(Props.Create(() => new ModelActor(journal, id, seed, writes, progress, done)));
                running.Add(EndAsync(at, done.Task));
            }
        }

        var models = (await Task.WhenAll(running).WaitAsync(Patience)).ToList();
        await system.Terminate();
        return models;

        static async Task<(int Store, ModelActor Actor)> EndAsync(int store, Task<ModelActor> actor) => (store, await actor);
    }

    private static async Task CheckAsync(AioTestDisk disk, string hocon, List<(int Store, ModelActor Actor)> models)
    {
        using var system = ActorSystem.Create("check", SetupOf(hocon, disk));
        foreach (var (store, model) in models)
        {
            var (replayed, highest) = await system.ActorOf(Props.Create(() => new Collector(JournalOf(system, store), model.Id)))
                .Ask<(List<long>, long)>("replay", Patience);
            model.CheckStored(replayed, highest);
            model.Acknowledged.UnionWith(replayed);
            model.Doubtful.Clear();
        }

        await system.Terminate();
    }

    private static IActorRef JournalOf(ActorSystem system, int store) =>
        Akka.Persistence.Persistence.Instance.Apply(system).JournalFor($"akka.persistence.journal.aio-{store}");

    private sealed class Collector(IActorRef journal, string id) : UntypedActor
    {
        private readonly List<long> _replayed = [];
        private IActorRef _asker = ActorRefs.Nobody;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "replay":
                    _asker = Sender;
                    journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, id, Self), Self);
                    break;
                case ReplayedMessage replayed:
                    _replayed.Add(replayed.Persistent.SequenceNr);
                    break;
                case RecoverySuccess success:
                    _asker.Tell((_replayed, success.HighestSequenceNr));
                    break;
                case ReplayMessagesFailure failure:
                    _asker.Tell(new Status.Failure(failure.Cause));
                    break;
            }
        }
    }
}
