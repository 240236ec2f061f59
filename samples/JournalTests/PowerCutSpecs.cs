using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using AkkaAio.Samples.Journal;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Samples.JournalTests;

/// <summary>No power cut takes a record from the journal that was acknowledged, at whatever moment it comes and whatever it leaves.</summary>
public sealed class PowerCutSpecs(ITestOutputHelper output)
{
    private const string Log = "/journal/log";

    private static readonly Action<long, byte[]?> Ignored = (_, _) => { };

    private readonly AioTestDisk _disk = new();

    [Fact]
    public async Task No_record_is_lost_in_any_image()
    {
        await AppendAsync(1000, 64, Props.Create(() => new JournalActor(Log, Ignored)), record => new Append(record));
        var figures = _disk.VerifyCrashes(HasWhatWasAcknowledged);
        output.WriteLine($"judged: {figures}");
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
        await AppendAsync(100, 16, Props.Create(() => new JournalActor(Log, Ignored)), record => new Append(record));
        var figures = await _disk.EveryCrash(new CrashOptions { MaxImagesPerCut = 4 }).VerifyAsync(async image =>
        {
            var (found, end) = (new List<byte[]>(), new TaskCompletionSource());
            Action<long, byte[]?> recovered = (_, record) =>
            {
                if (record is null)
                {
                    end.TrySetResult();
                    return;
                }

                found.Add(record);
            };
            using var system = ActorSystem.Create("again", ActorSystemSetup.Create(image.ToDisk().Setup, Quiet));
            var journal = system.ActorOf(Props.Create(() => new JournalActor(Log, recovered)));
            await end.Task.WaitAsync(TimeSpan.FromSeconds(30));
            CheckAcknowledged(image, found.Count, number => found[(int)number]);
            var appended = await journal.Ask<Appended>(new Append([1]), TimeSpan.FromSeconds(30));
            Assert.Equal(found.Count, appended.Number);
            await system.Terminate();
        });
        output.WriteLine($"reopened: {figures}");
    }

    private static BootstrapSetup Quiet { get; } = BootstrapSetup.Create().WithConfig(
        Akka.Configuration.ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = OFF\nakka.io.aio.shards = 1"));

    private sealed record Acknowledged(long Number, byte[] Record)
    {
        public override string ToString() => $"record {Number}";
    }

    // Reads as the journal does, but from memory and without waiting.
    private static void HasWhatWasAcknowledged(CrashImage image)
    {
        var (found, end) = (new List<(int Start, int Length)>(), new LogEnd());
        var bytes = new System.Buffers.ArrayBufferWriter<byte>(1 << 16);
        if (image.Files.TryGetValue(Log, out var log))
        {
            int length;
            do
            {
                length = end.LengthOfNext(log.Read(end.Offset, Batch.Block));
            }
            while (end.Take(log.Read(end.Offset, length), length, (_, record) =>
            {
                found.Add((bytes.WrittenCount, record.Length));
                System.Buffers.BuffersExtensions.Write(bytes, record);
            }));
        }

        CheckAcknowledged(image, found.Count, number => bytes.WrittenSpan.Slice(found[(int)number].Start, found[(int)number].Length));
    }

    private delegate ReadOnlySpan<byte> RecordAt(long number);

    private static void CheckAcknowledged(CrashImage image, int count, RecordAt found)
    {
        foreach (Acknowledged acknowledged in image.Acknowledged)
        {
            if (acknowledged.Number >= count)
            {
                throw new InvalidDataException($"{acknowledged} was acknowledged, and the log ends at record {count}");
            }

            if (!found(acknowledged.Number).SequenceEqual(acknowledged.Record))
            {
                throw new InvalidDataException($"{acknowledged} is not what was acknowledged");
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
            _disk.Acknowledge(new Acknowledged(number, record));
        });
        await actor.GracefulStop(TimeSpan.FromSeconds(30));
        await _disk.ExpectNoLeaks(system);
        await system.Terminate();
    }
}
