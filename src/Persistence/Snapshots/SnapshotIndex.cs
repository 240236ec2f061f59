using System.Buffers.Binary;
using System.Text;
using Akka.Persistence;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence.Snapshots;

/// <summary>Where a snapshot is.</summary>
/// <param name="SequenceNr">Of the snapshot.</param>
/// <param name="Ticks">Its timestamp, UTC.</param>
/// <param name="Segment">Its segment.</param>
/// <param name="Block">The first block of its batch.</param>
/// <param name="Offset">Of its record in the batch, in bytes.</param>
internal readonly record struct SnapshotPlace(long SequenceNr, long Ticks, long Segment, int Block, int Offset)
{
    public bool Matches(SnapshotSelectionCriteria criteria) =>
        SequenceNr >= criteria.MinSequenceNr && SequenceNr <= criteria.MaxSequenceNr &&
        Ticks >= (criteria.MinTimestamp?.Ticks ?? 0) && Ticks <= criteria.MaxTimeStamp.Ticks;
}

/// <summary>The snapshots of a log, by persistence id and sequence number. Built by a recovery, kept up by each durable batch.</summary>
internal sealed class SnapshotIndex : ILogVisitor
{
    private readonly Dictionary<string, SortedList<long, SnapshotPlace>> _places = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, int> _live = []; // snapshots of each segment, that are neither deleted nor written anew

    public long GivenBack { get; private set; }

    /// <summary>The oldest segment, if nothing in it is needed and it is not the one that is written to; 0: none.</summary>
    public long Dead => _live.Count > 1 && _live.First() is { Value: 0, Key: var segment } ? segment : 0;

    /// <summary>The snapshots of an id that match, newest first.</summary>
    public List<SnapshotPlace> Find(string persistenceId, SnapshotSelectionCriteria criteria) =>
        _places.TryGetValue(persistenceId, out var places)
            ? [.. places.Values.Where(place => place.Matches(criteria)).Reverse()]
            : [];

    public void Removed(long segment) => _live.Remove(segment);

    /// <summary>It was not removed after all.</summary>
    public void Restore(long segment) => _live[segment] = 0;

    public Task<bool> TryLoadAsync(Segment segment, uint lastCrc) => Task.FromResult(false);

    public void Visit(long segment, int block, in BatchHeader header, ReadOnlySpan<byte> batch)
    {
        _live.TryAdd(segment, 0);
        for (var at = BatchHeader.Size; RecordView.TryRead(batch[at..header.Used], out var record); at += record.Length)
        {
            if (record.Type == RecordType.State)
            {
                GivenBack = Math.Max(GivenBack, BinaryPrimitives.ReadInt64LittleEndian(record.Payload));
                continue;
            }

            if (record.Type is not (RecordType.Snapshot or RecordType.Tombstone))
            {
                continue; // of a later build, which does without
            }

            var id = Encoding.UTF8.GetString(record.PersistenceId);
            if (!_places.TryGetValue(id, out var places))
            {
                _places[id] = places = [];
            }

            if (places.Remove(record.SequenceNr, out var before) && _live.TryGetValue(before.Segment, out var live))
            {
                _live[before.Segment] = live - 1;
            }

            if (record.Type == RecordType.Snapshot)
            {
                places[record.SequenceNr] = new SnapshotPlace(record.SequenceNr, record.Ticks, segment, block, at);
                _live[segment]++;
            }
            else if (places.Count == 0)
            {
                _places.Remove(id);
            }
        }
    }

    public void Sealed(Segment segment, uint lastCrc)
    {
    }
}
