using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using AkkaAio.Samples.Journal;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Samples.JournalTests;

/// <summary>No power cut takes a record from the journal that was acknowledged, whenever it comes and whatever it leaves.</summary>
public sealed class PowerCutSpecs(ITestOutputHelper output)
{
    private const string Log = "/journal/log";

    private static readonly Action<long, byte[]?> Ignored = (_, _) => { };

    private readonly AioTestDisk _disk = new();
    private readonly ConcurrentDictionary<long, byte[]> _records = new(); // that were acknowledged

    [Fact]
    public async Task No_record_is_lost_in_any_image()
    {
        await AppendAsync(1000, 64, Props.Create(() => new JournalActor(Log, Ignored)), record => new Append(record));
        var cpu = Environment.CpuUsage.TotalTime;
        var figures = _disk.VerifyCrashes(HasWhatWasAcknowledged, new CrashOptions { MaxImagesPerCut = 4096 });
        output.WriteLine($"judged: {figures}; {Rate(figures, cpu)}");
        Assert.InRange(figures.CutPoints, 20, 4000);
    }

    [Fact]
    public async Task Without_its_flush_records_are_lost_and_the_image_is_found_again()
    {
        var journal = Props.Create(() => new JournalWithoutFlush.JournalActor(Log, Ignored));
        await AppendAsync(20, 1, journal, record => new JournalWithoutFlush.Append(record));
        var loss = Assert.Throws<CrashException>(() => _disk.VerifyCrashes(HasWhatWasAcknowledged, new CrashOptions { Seed = 5 }));
        output.WriteLine(loss.Message);
        Assert.StartsWith(
            "a power cut loses data: record 0 was acknowledged, and the log ends at record 0", loss.Message, StringComparison.Ordinal);
        var again = _disk.EveryCrash(new CrashOptions { Seed = 5 })[loss.Image.Cut, loss.Image.Number];
        Assert.Equal(loss.Image.ToString(), again.ToString());
        Assert.Throws<InvalidDataException>(() => HasWhatWasAcknowledged(again));
    }

    [Fact]
    public async Task The_journal_itself_starts_on_what_a_cut_has_left_and_goes_on()
    {
        await AppendAsync(300, 16, Props.Create(() => new JournalActor(Log, Ignored)), record => new Append(record));
        var cpu = Environment.CpuUsage.TotalTime;
        var figures = await _disk.EveryCrash(new CrashOptions { MaxImagesPerCut = 12 }).VerifyAsync(async image =>
        {
            var end = new TaskCompletionSource<long>();
            Action<long, byte[]?> recovered = (number, record) =>
            {
                if (record is null)
                {
                    end.TrySetResult(number);
                    return;
                }

                CheckRecord(number, record);
            };
            using var system = ActorSystem.Create("again", ActorSystemSetup.Create(image.ToDisk().Setup, Quiet));
            var journal = system.ActorOf(Props.Create(() => new JournalActor(Log, recovered)));
            CheckEnd(image, await end.Task.WaitAsync(TimeSpan.FromSeconds(30)));
            var appended = await journal.Ask<Appended>(new Append([1]), TimeSpan.FromSeconds(30));
            Assert.Equal(end.Task.Result, appended.Number);
            await system.Terminate();
        });
        output.WriteLine($"reopened: {figures}; {Rate(figures, cpu)}");
    }

    // On a busy machine the processor's time says more than the clock.
    private static string Rate(CrashFigures figures, TimeSpan cpuBefore) =>
        $"{figures.Images / (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds:0} a second of one processor";

    private static BootstrapSetup Quiet { get; } = BootstrapSetup.Create().WithConfig(
        Akka.Configuration.ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = OFF\nakka.io.aio.shards = 1"));

    // Reads as the journal does, but from memory and without waiting.
    private void HasWhatWasAcknowledged(CrashImage image)
    {
        var end = new LogEnd();
        if (image.Files.TryGetValue(Log, out var log))
        {
            int length;
            do
            {
                length = end.LengthOfNext(log.Read(end.Offset, Batch.Block));
            }
            while (end.Take(log.Read(end.Offset, length), length, CheckRecord));
        }

        CheckEnd(image, end.Next);
    }

    private void CheckRecord(long number, ReadOnlySpan<byte> record)
    {
        if (_records.TryGetValue(number, out var acknowledged) && !record.SequenceEqual(acknowledged))
        {
            throw new InvalidDataException($"record {number} is not what was acknowledged");
        }
    }

    private static void CheckEnd(CrashImage image, long end)
    {
        for (var i = 0; i < image.Acknowledged.Count; i++)
        {
            if ((long)image.Acknowledged[i] >= end)
            {
                throw new InvalidDataException($"record {image.Acknowledged[i]} was acknowledged, and the log ends at record {end}");
            }
        }
    }

    private async Task AppendAsync(int records, int atATime, Props journal, Func<byte[], object> append)
    {
        using var system = ActorSystem.Create("journal", ActorSystemSetup.Create(_disk.Setup, Quiet));
        var actor = system.ActorOf(journal);
        var options = new ParallelOptions { MaxDegreeOfParallelism = atATime };
        await Parallel.ForEachAsync(Enumerable.Range(0, records), options, async (i, stop) =>
        {
            var record = Encoding.UTF8.GetBytes($"record {i} of {records}, with some more bytes, so that it is as long as records are");
            var appended = await actor.Ask(append(record), TimeSpan.FromSeconds(30), stop);
            var number = appended is Appended its ? its.Number : ((JournalWithoutFlush.Appended)appended).Number;
            _records[number] = record;
            _disk.Acknowledge(number);
        });
        await actor.GracefulStop(TimeSpan.FromSeconds(30));
        await _disk.ExpectNoLeaks(system);
        await system.Terminate();
    }
}
