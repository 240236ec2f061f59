using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Model;

/// <summary>
/// Several persistent actors save, load and delete snapshots on a disk that fails by chance at each step: each request has one reply, what
/// was saved is there until it is overwritten or deleted, the last told counts, what was deleted never comes back; after power cuts too.
/// </summary>
public sealed class SnapshotModelSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    // Snapshots have no footers. One schedule costs as much as one of the journal, and there is less to find out.
    private static readonly DiskStep[] Steps = [.. DiskStep.All.Where(step => step.Name != "footer")];
    private const int Share = 4;

    [Fact]
    public Task Whatever_the_disk_does_nothing_is_lost_or_comes_back() =>
        new ModelSchedules(Output, Steps, Share).RunAsync(RunAsync);

    private static async Task RunAsync(ModelDisk disk)
    {
        var hocon = disk.HoconOf(store => $$"""
            akka.persistence.snapshot-store.aio-{{store}} {
              class = "AkkaAio.Persistence.AioSnapshotStore, AkkaAio.Persistence"
              plugin-dispatcher = "akka.actor.default-dispatcher"
              store = "akka.persistence.aio-store-{{store}}"
              circuit-breaker.max-failures = 1000000 # it would answer in the store's place
            }
            """);
        var models = new List<SnapshotModel>();
        foreach (var (seed, store) in disk.Seeds.Select((seed, store) => (new Random(seed), store)))
        {
            var name = seed.Next(2) == 0 ? SnapshotModel.Large : "small";
            models.AddRange(Enumerable.Range(1, seed.Next(1, 4)).Select(i => new SnapshotModel($"{name}-{i}", store)));
        }

        await LiveAsync(disk.Disk, hocon, models, disk.Random, 0, disk.Heal);

        // Now as after a power cut, and what is left is lived on with.
        for (var (life, after) = (1, disk.Disk); life < 3; life++)
        {
            after = after.PowerCut(CrashModel.Any, disk.Seeds[0] + life);
            await CheckAsync(after, hocon, models);
            if (life == 1)
            {
                await LiveAsync(after, hocon, models, disk.Random, life, static () => { });
            }
        }
    }

    private static async Task LiveAsync(
        AioTestDisk disk, string hocon, List<SnapshotModel> models, Random random, int life, Action heal)
    {
        using var system = ActorSystem.Create("model", SetupOf(hocon, disk));
        var seeds = models.ConvertAll(_ => random.Next());
        var progress = new ModelProgress(heal);
        progress.Add(seeds.Sum(SnapshotModelActor.LengthOf) * 3 / 4);
        await Task.WhenAll(models.Zip(seeds, (model, seed) =>
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var snapshots = StoreOf(system, model.Store);
            system.ActorOf(Props.Create(() => new SnapshotModelActor(snapshots, model, seed, life, progress, done)));
            return done.Task;
        })).WaitAsync(Patience);
        await system.Terminate();
    }

    private static async Task CheckAsync(AioTestDisk disk, string hocon, List<SnapshotModel> models)
    {
        using var system = ActorSystem.Create("check", SetupOf(hocon, disk));
        foreach (var model in models)
        {
            foreach (var number in model.Numbers.Prepend(long.MaxValue).ToArray())
            {
                var criteria = new SnapshotSelectionCriteria(number, DateTime.MaxValue, number == long.MaxValue ? 0 : number);
                var result = await StoreOf(system, model.Store)
                    .Ask<object>(new LoadSnapshot(model.Id, criteria, long.MaxValue), Patience);
                model.Loaded(criteria, Assert.IsType<LoadSnapshotResult>(result));
            }
        }

        await system.Terminate();
    }

    private static IActorRef StoreOf(ActorSystem system, int store) =>
        Akka.Persistence.Persistence.Instance.Apply(system).SnapshotStoreFor($"akka.persistence.snapshot-store.aio-{store}");
}
