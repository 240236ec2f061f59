using System.Collections.Concurrent;
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
    private static int Schedules =>
        int.TryParse(Environment.GetEnvironmentVariable("AKKA_AIO_JOURNAL_SCHEDULES"), out var count) ? count : 200;

    private static int First => int.TryParse(Environment.GetEnvironmentVariable("AKKA_AIO_JOURNAL_SEED"), out var seed) ? seed : 0;

    // Stores of one actor system: to make a system costs more than a schedule.
    private const int Stores = 8;

    [Fact]
    public async Task Whatever_the_disk_does_nothing_is_lost()
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var (problems, met) = (new ConcurrentBag<string>(), new ConcurrentDictionary<(string Step, Errno Error), long>());
        await Parallel.ForEachAsync(
            Enumerable.Range(First, Schedules).Chunk(Stores), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (seeds, _) =>
            {
                try
                {
                    await RunAsync(seeds, met);
                }
                catch (Exception e)
                {
                    problems.Add($"AKKA_AIO_JOURNAL_SEED={seeds[0]} AKKA_AIO_JOURNAL_SCHEDULES={seeds.Length}: {e.Message}");
                }
            });
        Output.WriteLine($"{(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / Schedules:f1} ms of CPU a schedule");
        Output.WriteLine(string.Join(", ", met.OrderBy(each => each.Key).Select(each => $"{each.Key.Step} {each.Key.Error} {each.Value}")));
        Assert.True(problems.IsEmpty, $"{problems.Count} of {(Schedules + Stores - 1) / Stores}: {string.Join('\n', problems.Take(5))}");
        if (Schedules >= 1000)
        {
            Assert.Empty(DiskStep.All.SelectMany(step => step.Errors.Select(error => (step.Name, error))).Except(met.Keys));
            Assert.Contains(("submit", Errno.EAGAIN), met.Keys);
        }
    }

    // A disk with some stores, each with its own faults.
    private static async Task RunAsync(int[] seeds, ConcurrentDictionary<(string Step, Errno Error), long> met)
    {
        var random = new Random(seeds[0]);
        var disk = new AioTestDisk { Alignment = 4096, SectorSize = random.Next(2) == 0 ? 512 : 4096, Seed = seeds[0] };
        var rules = new List<(string Step, Errno Error, DiskRule Rule)>
        {
            ("submit", Errno.EAGAIN, disk.Submits().WithChance(0.2, random.Next()).Fail(Errno.EAGAIN)),
        };
        foreach (var (seed, folder) in seeds.Select((seed, i) => (new Random(seed), FolderOf(i))))
        {
            foreach (var step in DiskStep.All.Where(_ => seed.Next(3) == 0))
            {
                var (error, chance) = (step.Errors[seed.Next(step.Errors.Length)], seed.NextDouble() * step.Chance);
                rules.Add((step.Name, error, step.Of(disk, folder).WithChance(chance, seed.Next()).Fail(error)));
            }
        }

        if (random.Next(4) == 0)
        {
            disk.Capacity = random.Next(3 * Stores, 12 * Stores) << 20;
        }

        var hocon = HoconOf(((int[])[1, 4, 8])[random.Next(3)]);
        var models = await RunActorsAsync(disk, hocon, seeds, () =>
        {
            rules.ForEach(rule => rule.Rule.Dispose());
            disk.Capacity = null;
        });
        foreach (var (step, error, rule) in rules.Where(rule => rule.Rule.Hits > 0))
        {
            met.AddOrUpdate((step, error), rule.Hits, (_, hits) => hits + rule.Hits);
        }

        // Now as after a power cut: nothing under way counts, and nothing that is durable may be missing; and again, sometimes three times.
        var after = disk.PowerCut(CrashModel.Any, seeds[0]);
        for (var life = random.Next(4) == 0 ? 0 : 2; life < 3; life++)
        {
            await CheckAsync(after, hocon, models);
            after = after.PowerCut(CrashModel.Any, seeds[0] + life);
        }
    }

    private static async Task<List<(int Store, ModelActor Actor)>> RunActorsAsync(
        AioTestDisk disk, string hocon, int[] seeds, Action heal)
    {
        var progress = new ModelProgress(heal);
        using var system = ActorSystem.Create("model", SetupOf(hocon, disk));
        var running = new List<Task<(int Store, ModelActor Actor)>>();
        for (var store = 0; store < seeds.Length; store++)
        {
            var random = new Random(seeds[store]);
            var journal = JournalOf(system, store);
            var name = random.Next(4) == 0 ? ModelActor.Large : "small";
            for (var i = random.Next(1, 6); i > 0; i--)
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

    private static string FolderOf(int store) => $"/store-{store}/";

    private static string HoconOf(int pipeline)
    {
        var stores = Enumerable.Range(0, Stores).Select(store => $$"""
            akka.persistence.journal.aio-{{store}} {
              class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence"
              plugin-dispatcher = "akka.actor.default-dispatcher"
              store = "akka.persistence.aio-store-{{store}}"
            }
            akka.persistence.aio-store-{{store}} {
              dir = "{{FolderOf(store)}}", segment-size = {{DiskStep.SegmentSize}}, zero-rate = 0
              write { pipeline = {{pipeline}}, pipeline-from = 0 s, buffer = 64 KiB, max-atomic-write = 1 MiB, durability = dsync }
              read { cache = 1 MiB, in-flight = 256 KiB, replay-window = 10000, parallel-replays = 16 }
            }
            """);
        return $"akka {{ loglevel = OFF, stdout-loglevel = OFF }}\n{string.Join('\n', stores)}";
    }

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
