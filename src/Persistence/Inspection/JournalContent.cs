using System.Buffers.Binary;
using System.Runtime.InteropServices;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;

namespace AkkaAio.Persistence.Inspection;

/// <summary>What the batches of a segment hold, to be compared with its footer.</summary>
internal sealed class JournalContent
{
    private readonly Dictionary<UInt128, List<EventPlace>> _events = [];

    public long Events { get; private set; }

    public long Others { get; private set; }

    public long Padding { get; private set; }

    /// <inheritdoc cref="Log.ILogVisitor.GivenBack"/>
    public long GivenBack { get; private set; }

    public int Ids => _events.Count;

    public void Visit(long segment, int block, in BatchHeader header, ReadOnlySpan<byte> batch)
    {
        Padding += header.Length - header.Used;
        for (var at = BatchHeader.Size; RecordView.TryRead(batch[at..header.Used], out var record); at += record.Length)
        {
            if (record.Type != RecordType.Event)
            {
                if (record.Type == RecordType.State &&
                    BinaryPrimitives.ReadUInt128LittleEndian(record.Payload[sizeof(long)..]) == PersistenceIdHash.OfLog)
                {
                    GivenBack = Math.Max(GivenBack, record.SequenceNr);
                }

                Others++;
                continue;
            }

            Events++;
            var hash = PersistenceIdHash.Of(record.PersistenceId);
            if (!_events.TryGetValue(hash, out var places))
            {
                _events[hash] = places = [];
            }

            places.Add(new EventPlace(record.SequenceNr, block, at));
        }
    }

    /// <summary>Where the footer says something else.</summary>
    /// <returns>Null: it says the same.</returns>
    public async Task<string?> FindDifferenceAsync(AioFile file, Footer footer)
    {
        var found = new Dictionary<UInt128, List<EventPlace>>();
        try
        {
            await footer.VisitAsync(file, (in FooterPage.Reader entry) =>
            {
                if (entry.Events.Count > 0)
                {
                    (CollectionsMarshal.GetValueRefOrAddDefault(found, entry.Hash, out _) ??= []).AddRange(entry.Events);
                }
            }).ConfigureAwait(false);
        }
        catch (AioLogCorruptionException e)
        {
            return e.Message;
        }

        foreach (var (hash, places) in _events)
        {
            if (!found.GetValueOrDefault(hash, []).SequenceEqual(places))
            {
                return $"the footer says something else of the persistence id with hash {hash:x32} than the batches";
            }
        }

        return found.Count == _events.Count ? null : $"the footer has {found.Count} ids with events, and the batches {_events.Count}";
    }
}
