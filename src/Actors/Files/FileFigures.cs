using AkkaAio.Interop.Engines;
using AkkaAio.Shards;
using AkkaAio.Telemetry;

namespace AkkaAio.Files;

/// <summary>The figures of open files, gathered from what their shards write anyway: the shards are not asked, and may be stuck.</summary>
internal static class FileFigures
{
    /// <summary>Any thread: of those that somebody holds, by path.</summary>
    public static IReadOnlyList<Aio.FileStats> Of(AioExt aio, IEnumerable<OpenFile> open)
    {
        // An operation that ends meanwhile has no lane.
        var inFlight = aio.Shards.SelectMany(shard => shard.Loop.Slots.Seen)
            .Select(operation => new InFlight(operation.Lane?.File, operation.Opcode, operation.InFlightSince))
            .Where(operation => operation.File is not null && operation.Since is not null)
            .ToLookup(operation => operation.File!);
        return
        [
            .. from file in open.Select(file => file.File)
               where file is not null
               orderby file.Path
               select Of(aio, file, [.. inFlight[file]]),
        ];
    }

    private static Aio.FileStats Of(AioExt aio, AioFile file, InFlight[] inFlight)
    {
        long Sum(Func<AnsweredCounts, long> figure) => file.Lanes.Sum(lane => figure(lane.Answered));
        return new Aio.FileStats
        {
            Path = file.Path,
            Engine = aio.Submits(file) ? aio.EngineName : "blocking-dispatcher",
            IsDirect = file.IsDirect,
            Shard = file.HomeShard.Index,
            Length = file.Length,
            Reads = Sum(counts => counts.Reads),
            ReadBytes = Sum(counts => counts.ReadBytes),
            Writes = Sum(counts => counts.Writes),
            WrittenBytes = Sum(counts => counts.WrittenBytes),
            DataSyncs = Sum(counts => counts.DataSyncs),
            Errors = Sum(counts => counts.Errors),
            InFlight = inFlight.Length,
            Queued = Math.Max(
                0, file.Lanes.Sum(lane => lane.UnderWay) - inFlight.Count(operation => operation.Opcode != IoOpcode.DataSync)),
            OldestInFlight = LatencyHistogram.AgeOf(inFlight.Min(operation => operation.Since)) ?? TimeSpan.Zero,
        };
    }

    private readonly record struct InFlight(AioFile? File, IoOpcode Opcode, long? Since);
}
