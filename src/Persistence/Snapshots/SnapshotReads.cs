using System.Text;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Log;
using AkkaAio.Persistence.Reading;
using AkkaAio.Persistence.Store;

namespace AkkaAio.Persistence.Snapshots;

/// <summary>Reads snapshots from their log.</summary>
internal sealed class SnapshotReads : IDisposable
{
    private readonly OpenSegments _segments;
    private readonly BatchCache _batches;

    public SnapshotReads(LogFiles files, AioStoreSettings settings)
    {
        _segments = new OpenSegments(files);
        _batches = new BatchCache(_segments, new ReadGate(settings.ReadsBesideCommits), mostBytes: 0); // each is read once
    }

    /// <summary>A snapshot's bytes, and what made them.</summary>
    /// <exception cref="AioLogCorruptionException">It is damaged.</exception>
    /// <exception cref="AioSystemException">ENOENT: it was deleted meanwhile.</exception>
    public async Task<(byte[] Payload, int Serializer, string Manifest)> ReadAsync(
        string persistenceId, SnapshotPlace place)
    {
        using var batch = await _batches.GetAsync(place.Segment, place.Block).ConfigureAwait(false);
        var id = Encoding.UTF8.GetBytes(persistenceId);
        var record = batch.RecordAt(place.Offset, place.SequenceNr, PersistenceIdHash.Of(id), id);
        return (record.Payload.ToArray(), record.Serializer, Encoding.UTF8.GetString(record.Manifest));
    }

    public void Forget(long segment) => _segments.Forget(segment);

    public void Clear()
    {
        _batches.Clear();
        _segments.Clear();
    }

    public void Dispose()
    {
        _batches.Dispose();
        _segments.Dispose();
    }
}
