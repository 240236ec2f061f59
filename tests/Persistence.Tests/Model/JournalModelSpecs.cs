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

    [Fact]
    public async Task Whatever_the_disk_does_nothing_is_lost()
    {
        var problems = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            Enumerable.Range(First, Schedules), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (seed, _) =>
        {
            try
            {
                await RunAsync(seed);
            }
            catch (Exception e)
            {
                problems.Add($"AKKA_AIO_JOURNAL_SEED={seed} AKKA_AIO_JOURNAL_SCHEDULES=1: {e.Message}");
            }
        });
        Assert.True(problems.IsEmpty, string.Join('\n', problems.Take(5)));
    }

    private static async Task RunAsync(int seed)
    {
        var random = new Random(seed);
        var disk = new AioTestDisk { Alignment = 4096, SectorSize = random.Next(2) == 0 ? 512 : 4096, Seed = seed };
        var rules = new List<DiskRule>();
        foreach (var operations in (DiskOperations[])
                 [disk.Writes(), disk.Reads(), disk.Flushes(), disk.Opens(), disk.Renames(), disk.FolderSyncs(), disk.Allocations()])
        {
            if (random.Next(3) == 0)
            {
                var error = (Errno[])[Errno.EIO, Errno.ENOSPC];
                rules.Add(operations.WithChance(random.NextDouble() * 0.05, random.Next()).Fail(error[random.Next(2)]));
            }
        }

        rules.Add(disk.Submits().WithChance(0.2, random.Next()).Fail(Errno.EAGAIN));

        if (random.Next(4) == 0)
        {
            disk.Capacity = random.Next(3, 12) << 20;
        }

        var hocon = $$"""
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            akka.persistence.aio-store.write.pipeline = {{((int[])[1, 4, 8])[random.Next(3)]}}
            """;
        var models = await RunActorsAsync(disk, hocon, random, () =>
        {
            rules.ForEach(rule => rule.Dispose());
            disk.Capacity = null;
        });

        // Now as after a power cut: nothing under way counts, and nothing that is durable may be missing; and again, three times.
        var after = disk.PowerCut(CrashModel.Any, seed);
        for (var life = 0; life < 3; life++)
        {
            await CheckAsync(after, hocon, models);
            after = after.PowerCut(CrashModel.Any, seed + life);
        }
    }

    private static async Task<List<ModelActor>> RunActorsAsync(AioTestDisk disk, string hocon, Random random, Action heal)
    {
        using var system = ActorSystem.Create("model", SetupOf(hocon, disk));
        var journal = JournalOf(system);
        var running = Enumerable.Range(0, random.Next(1, 6)).Select(i =>
        {
            var done = new TaskCompletionSource<ModelActor>(TaskCreationOptions.RunContinuationsAsynchronously);
            var (seed, writes) = (random.Next(), random.Next(5, 60));
            system.ActorOf(Props.Create(() => new ModelActor(journal, $"id-{i}", seed, writes, done)));
            return done.Task;
        }).ToArray();
        using var healing = new Timer(_ => heal(), null, random.Next(20, 200), Timeout.Infinite);
        var models = (await Task.WhenAll(running).WaitAsync(Patience)).ToList();
        await system.Terminate();
        return models;
    }

    private static async Task CheckAsync(AioTestDisk disk, string hocon, List<ModelActor> models)
    {
        using var system = ActorSystem.Create("check", SetupOf(hocon, disk));
        foreach (var model in models)
        {
            var (replayed, highest) = await system.ActorOf(Props.Create(() => new Collector(JournalOf(system), model.Id)))
                .Ask<(List<long>, long)>("replay", Patience);
            model.CheckStored(replayed, highest);
            model.Acknowledged.UnionWith(replayed);
            model.Doubtful.Clear();
        }

        await system.Terminate();
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
