using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests;

/// <summary>No power cut takes a record that was acknowledged, and what a log has after one it keeps.</summary>
public sealed class LogCrashSpecs(ITestOutputHelper output)
{
    private static readonly AioLogSettings Settings = new()
    {
        SegmentSize = 1 << 20,
        BufferSize = 64 << 10,
        MaxAppend = 1 << 20,
        ZeroRate = 0,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task No_power_cut_takes_an_acknowledged_record(int pipeline)
    {
        var disk = await AppendAsync(Settings with { Pipeline = pipeline, PipelineFrom = TimeSpan.Zero });
        var figures = disk.VerifyCrashes(Judge, new CrashOptions { MaxImagesPerCut = 64 });
        output.WriteLine($"{figures}");
    }

    [Fact]
    public async Task Without_the_barrier_the_kit_finds_the_loss()
    {
        var disk = await AppendAsync(Settings with { Durability = AioDurability.None });
        Assert.Throws<CrashException>(() => disk.VerifyCrashes(Judge));
    }

    private static async Task<AioTestDisk> AppendAsync(AioLogSettings settings)
    {
        var disk = new AioTestDisk { Alignment = 4096, SectorSize = 4096 };
        using var system = ActorSystem.Create("log", ActorSystemSetup.Empty.And(disk.Setup));
        await using var log = await AioLog.OpenAsync(system, "/log", settings);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            var text = $"record {i} {new string('x', i * 250)}";
            disk.Acknowledge((await log.AppendAsync(Encoding.UTF8.GetBytes(text)), text));
        }));
        return disk;
    }

    private static void Judge(CrashImage image)
    {
        var found = Recover(image);
        foreach (var (position, text) in image.Acknowledged.Cast<(long, string)>())
        {
            if (!found.TryGetValue(position, out var record) || record != text)
            {
                throw new InvalidOperationException($"record {position} is {record ?? "not there"}");
            }
        }
    }

    // The log's own reading of batches, over the bytes of an image.
    private static Dictionary<long, string> Recover(CrashImage image)
    {
        var found = new Dictionary<long, string>();
        LogEnd? end = null;
        var segments = image.Files.Where(file => file.Key.EndsWith(".seg", StringComparison.Ordinal)).OrderBy(file => file.Key);
        foreach (var (path, file) in segments)
        {
            var bytes = file.ToArray();

            if (SegmentHeader.Read(bytes, path) is not { } header)
            {
                break;
            }

            end = (end ?? new LogEnd(0, 0, header.FirstBatch, header.FirstOrdering, header.PreviousCrc)) with { Offset = header.BlockSize };
            end = SegmentScan.Visit(end.Value, bytes.AsSpan(header.BlockSize), header.Number, header.BlockSize,
                (long _, int _, in BatchHeader batch, ReadOnlySpan<byte> all) =>
            {
                var position = batch.FirstOrdering;
                for (var rest = all[BatchHeader.Size..batch.Used]; RecordView.TryRead(rest, out var record); rest = rest[record.Length..])
                {
                    found[position++] = Encoding.UTF8.GetString(record.Payload);
                }
            }).At;
        }

        return found;
    }
}
