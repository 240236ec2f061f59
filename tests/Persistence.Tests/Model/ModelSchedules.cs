using System.Collections.Concurrent;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Model;

/// <summary>Runs schedules by seed: AKKA_AIO_JOURNAL_SCHEDULES of them, from AKKA_AIO_JOURNAL_SEED on.</summary>
/// <param name="output">Gets the cost of a schedule, and which failures were met how often.</param>
/// <param name="steps">The steps of a store that fail.</param>
/// <param name="share">One of so many schedules is run.</param>
internal sealed class ModelSchedules(ITestOutputHelper output, DiskStep[] steps, int share = 1)
{
    private readonly ConcurrentDictionary<(string Step, Errno Error), long> _met = new();

    private long _givenBack; // segments

    private static int First => int.TryParse(Environment.GetEnvironmentVariable("AKKA_AIO_JOURNAL_SEED"), out var seed) ? seed : 0;

    private int Count => Math.Max(
        ModelDisk.MostStores,
        (int.TryParse(Environment.GetEnvironmentVariable("AKKA_AIO_JOURNAL_SCHEDULES"), out var count) ? count : 200) / share);

    /// <summary>Fails with the seeds of the disks that went wrong, or when a failure of a step was never met in many schedules.</summary>
    /// <param name="run">A disk with some stores, a schedule each.</param>
    public async Task RunAsync(Func<ModelDisk, Task> run)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var problems = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            Enumerable.Range(First, Count).Chunk(ModelDisk.MostStores), new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (seeds, _) =>
            {
                try
                {
                    var disk = new ModelDisk(seeds, steps);
                    await run(disk);
                    disk.CheckSegments();
                    Interlocked.Add(ref _givenBack, disk.GivenBack);
                    disk.AddMet(_met);
                }
                catch (Exception e)
                {
                    problems.Add(
                        $"AKKA_AIO_JOURNAL_SEED={seeds[0]} AKKA_AIO_JOURNAL_SCHEDULES={seeds.Length * share}: {e.Message}");
                }
            });
        output.WriteLine($"{(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds / Count:f1} ms of CPU a schedule");
        var met = _met.OrderBy(each => each.Key).Select(each => $"{each.Key.Step} {each.Key.Error} {each.Value}");
        output.WriteLine($"{string.Join(", ", met)}; {_givenBack} segments were given back");
        Assert.True(problems.IsEmpty, $"{problems.Count} disks of {Count} schedules: {string.Join('\n', problems.Take(5))}");
        if (Count * share >= 1000)
        {
            Assert.Empty(steps.SelectMany(step => step.Errors.Select(error => (step.Name, error))).Except(_met.Keys));
            Assert.Contains(("submit", Errno.EAGAIN), _met.Keys);
        }
    }
}

/// <summary>
/// A disk with some stores, and the failures of each, by seed. Stores of one actor system, as to make a system costs more than a schedule.
/// </summary>
internal sealed class ModelDisk
{
    public const int MostStores = 8;

    private readonly List<(string Step, Errno Error, int Store, DiskRule Rule)> _rules = [];

    public ModelDisk(int[] seeds, DiskStep[] steps)
    {
        Seeds = seeds;
        Random = new Random(seeds[0]);
        Disk = new AioTestDisk { Alignment = 4096, SectorSize = Random.Next(2) == 0 ? 512 : 4096, Seed = seeds[0] };
        _rules.Add(("submit", Errno.EAGAIN, -1, Disk.Submits().WithChance(0.2, Random.Next()).Fail(Errno.EAGAIN)));
        for (var store = 0; store < seeds.Length; store++)
        {
            var seed = new Random(seeds[store]);
            foreach (var step in steps.Where(_ => seed.Next(3) == 0))
            {
                var (error, chance) = (step.Errors[seed.Next(step.Errors.Length)], seed.NextDouble() * step.Chance);
                _rules.Add((step.Name, error, store, step.Of(Disk, FolderOf(store)).WithChance(chance, seed.Next()).Fail(error)));
            }
        }

        if (Random.Next(4) == 0)
        {
            Disk.Capacity = Random.Next(3 * MostStores, 12 * MostStores) << 20;
        }

        Pipeline = ((int[])[1, 4, 8])[Random.Next(3)];
    }

    /// <summary>Of each store.</summary>
    public int[] Seeds { get; }

    /// <summary>Of the disk.</summary>
    public Random Random { get; }

    public AioTestDisk Disk { get; }

    private int Pipeline { get; }

    /// <summary>Akka's settings, and a section <c>akka.persistence.aio-store-N</c> of each store.</summary>
    /// <param name="plugin">The section of a store's plugin.</param>
    public string HoconOf(Func<int, string> plugin)
    {
        var stores = Enumerable.Range(0, MostStores).Select(store => $$"""
            {{plugin(store)}}
            akka.persistence.aio-store-{{store}} {
              dir = "{{FolderOf(store)}}", segment-size = {{DiskStep.SegmentSize}}, zero-rate = 0
              write { pipeline = {{Pipeline}}, pipeline-from = 0 s, buffer = 64 KiB, max-atomic-write = 1 MiB, durability = dsync }
              read { cache = 1 MiB, in-flight = 256 KiB, replay-window = 10000, parallel-replays = 16 }
            }
            """);
        return $"akka {{ loglevel = OFF, stdout-loglevel = OFF }}\n{string.Join('\n', stores)}";
    }

    /// <summary>It fails no more.</summary>
    public void Heal()
    {
        _rules.ForEach(rule => rule.Rule.Dispose());
        Disk.Capacity = null;
    }

    /// <summary>
    /// Checks that each segment was full of zeros, and flushed, when it got its name: nothing is lost by one that was not, but each commit
    /// in it takes longer.
    /// </summary>
    public void CheckSegments()
    {
        var made = new Dictionary<string, (long Zeros, bool IsFlushed)>();
        foreach (var operation in Disk.Operations.Where(operation =>
            operation is { State: DiskOperationState.Ended, Error: Errno.None } &&
            operation.Path.EndsWith(DiskStep.BeingMade, StringComparison.Ordinal)))
        {
            switch (operation.Kind)
            {
                case DiskOperationKind.Allocate:
                    made[operation.Path] = (0, false);
                    break;
                case DiskOperationKind.Write when made.TryGetValue(operation.Path, out var file):
                    made[operation.Path] = (file.Zeros + operation.Transferred, false);
                    break;
                case DiskOperationKind.Flush when made.TryGetValue(operation.Path, out var file):
                    made[operation.Path] = file with { IsFlushed = true };
                    break;
                case DiskOperationKind.Rename when made.Remove(operation.Path, out var file):
                    Assert.True(file is (DiskStep.SegmentSize, true), $"{operation.NewPath} was made of {file}");
                    break;
            }
        }
    }

    /// <summary>Segments that were deleted, or became spares, as nothing in them was needed.</summary>
    public int GivenBack => Disk.Operations.Count(operation =>
        operation is { Kind: DiskOperationKind.Rename or DiskOperationKind.Delete, Error: Errno.None } &&
        operation.Path.EndsWith(".seg", StringComparison.Ordinal) && !operation.Path.Contains("spare", StringComparison.Ordinal));

    /// <summary>Adds the failures that were met.</summary>
    public void AddMet(ConcurrentDictionary<(string Step, Errno Error), long> met)
    {
        foreach (var (step, error, _, rule) in _rules.Where(rule => rule.Rule.Hits > 0))
        {
            met.AddOrUpdate((step, error), rule.Hits, (_, hits) => hits + rule.Hits);
        }
    }

    private static string FolderOf(int store) => $"/store-{store}/";
}
