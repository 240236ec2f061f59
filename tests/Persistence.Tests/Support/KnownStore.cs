using System.Text;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;
using AkkaAio.TestKit;

namespace AkkaAio.Persistence.Tests.Support;

/// <summary>A batch of a store.</summary>
internal sealed record KnownBatch(
    string Path, int Offset, int Length, long Number, long DurableUpTo, (string Id, long SequenceNr)[] Events);

/// <summary>The files of a store that is intact, and each batch in them. The payload of an event says which it is.</summary>
internal sealed class KnownStore
{
    public KnownStore(AioTestDisk disk)
        : this(disk.Files.ToDictionary(path => path, disk.ReadAllBytes))
    {
    }

    public KnownStore(Dictionary<string, byte[]> files)
    {
        Files = files;
        LogEnd? end = null;
        foreach (var path in Segments)
        {
            if (SegmentHeader.Read(Files[path], path) is not { } header)
            {
                continue;
            }

            end = (end ?? new LogEnd(0, 0, header.FirstBatch, header.FirstOrdering, header.PreviousCrc)) with { Offset = header.BlockSize };
            end = SegmentScan.Visit(
                end.Value, Files[path].AsSpan(header.BlockSize), header.Number, header.BlockSize,
                (long _, int block, in BatchHeader batch, ReadOnlySpan<byte> all) => Batches.Add(new KnownBatch(
                    path, block * header.BlockSize, batch.Length, batch.Number, batch.DurableUpTo,
                    EventsOf(all[BatchHeader.Size..batch.Used])))).At;
        }
    }

    public Dictionary<string, byte[]> Files { get; }

    /// <summary>In their order in the log.</summary>
    public List<KnownBatch> Batches { get; } = [];

    public IEnumerable<string> Segments => Files.Keys.Where(path => path.StartsWith("/store/events/0", StringComparison.Ordinal)).Order();

    public IEnumerable<string> Ids => Batches.SelectMany(batch => batch.Events).Select(stored => stored.Id).Distinct();

    /// <summary>Puts the files on a disk.</summary>
    public void WriteTo(AioTestDisk disk)
    {
        foreach (var (path, bytes) in Files)
        {
            disk.WriteAllBytes(path, bytes);
        }
    }

    public static string PayloadOf(string id, long sequenceNr) => $"{id}-{sequenceNr} {new string('x', (int)(sequenceNr * 7919 % 20_000))}";

    /// <summary>
    /// The numbers of the events that a replay has left out; each one that it has must be as it was written, and in its order.
    /// </summary>
    public HashSet<(string Id, long SequenceNr)> Missing(string id, List<IPersistentRepresentation> replayed)
    {
        var numbers = replayed.Select(stored => stored.SequenceNr).ToArray();
        var expected = Batches.SelectMany(batch => batch.Events).Where(stored => stored.Id == id).Select(stored => stored.SequenceNr)
            .ToHashSet();
        if (!numbers.SequenceEqual(numbers.Distinct().Order()) || !numbers.All(expected.Contains) ||
            replayed.Any(stored => !Equals(stored.Payload, PayloadOf(id, stored.SequenceNr))))
        {
            throw new InvalidOperationException($"{id} was replayed as it was never written: {string.Join(',', numbers)}");
        }

        expected.ExceptWith(numbers);
        return [.. expected.Select(nr => (id, nr))];
    }

    private static (string Id, long SequenceNr)[] EventsOf(ReadOnlySpan<byte> records)
    {
        var events = new List<(string, long)>();
        for (; RecordView.TryRead(records, out var record); records = records[record.Length..])
        {
            if (record.Type == RecordType.Event)
            {
                events.Add((Encoding.UTF8.GetString(record.PersistenceId), record.SequenceNr));
            }
        }

        return [.. events];
    }
}
