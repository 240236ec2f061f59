using System.Text;
using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Reading;

namespace AkkaAio.Persistence.Journal;

/// <summary>Makes the events of one persistence id from their records. For one replay: it keeps texts that most records share.</summary>
internal sealed class EventDecoder(ActorSystem system, string persistenceId, UInt128 hash)
{
    private readonly byte[] _id = Encoding.UTF8.GetBytes(persistenceId);
    private readonly SharedText _manifest = new();
    private readonly SharedText _adapterManifest = new();
    private readonly SharedText _writer = new();

    /// <summary>The event at a place of a batch.</summary>
    /// <returns>Null: the record is of another id with the same hash.</returns>
    /// <exception cref="AioEventException">It cannot be deserialized.</exception>
    /// <exception cref="AioLogCorruptionException">It is not there.</exception>
    public Persistent? Read(CachedBatch batch, in EventPlace place)
    {
        var record = batch.RecordAt(place.Offset, place.SequenceNr, hash, _id);
        if (!record.PersistenceId.SequenceEqual(_id))
        {
            return null;
        }

        var manifest = _manifest.Of(record.Manifest);
        try
        {
            var payload = system.Serialization.Deserialize(record.Payload.ToArray(), record.Serializer, manifest);
            return new Persistent(
                payload, record.SequenceNr, persistenceId, _adapterManifest.Of(record.AdapterManifest), isDeleted: false,
                ActorRefs.NoSender, _writer.Of(record.Writer), record.Ticks);
        }
        catch (Exception e)
        {
            throw new AioEventException(persistenceId, record.SequenceNr, record.Serializer, manifest, e);
        }
    }

    /// <summary>A text of each record; the same string as long as the bytes are the same.</summary>
    private sealed class SharedText
    {
        private byte[] _utf8 = [];
        private string _text = "";

        public string Of(ReadOnlySpan<byte> utf8)
        {
            if (!utf8.SequenceEqual(_utf8))
            {
                _utf8 = utf8.ToArray();
                _text = Encoding.UTF8.GetString(utf8);
            }

            return _text;
        }
    }
}
