using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using AkkaAio.Persistence.Format;
using Serialization = Akka.Serialization.Serialization;

namespace AkkaAio.Persistence.Journal;

/// <summary>Makes records of events.</summary>
internal sealed class EventEncoder(ExtendedActorSystem system)
{
    /// <summary>What a serializer made of an event.</summary>
    /// <exception cref="Exception">The serializer's own: the event is rejected.</exception>
    public SerializedEvent Serialize(IPersistentRepresentation adapted)
    {
        var (payload, tags) = adapted.Payload is Tagged tagged ? (tagged.Payload, tagged.Tags) : (adapted.Payload, null);

        // A serializer may ask for the address that actor refs in the event are written with.
        return Serialization.WithTransport(system, (system, adapted, payload, tags), static state =>
        {
            var serializer = state.system.Serialization.FindSerializerFor(state.payload);
            var manifest = Serialization.ManifestFor(serializer, state.payload);
            return new SerializedEvent(state.adapted, serializer.Identifier, manifest, serializer.ToBinary(state.payload), state.tags);
        });
    }
}

/// <summary>An event that is serialized and waits for its place in a batch.</summary>
/// <param name="Event">As adapted.</param>
/// <param name="Serializer">The serializer's id.</param>
/// <param name="Manifest">The serializer's manifest.</param>
/// <param name="Payload">Its bytes.</param>
/// <param name="Tags">Of a <see cref="Tagged"/>.</param>
internal readonly record struct SerializedEvent(
    IPersistentRepresentation Event, int Serializer, string Manifest, byte[] Payload, IReadOnlyCollection<string>? Tags)
{
    /// <summary>As a record.</summary>
    /// <param name="now">Ticks, for an event without a timestamp.</param>
    public RecordFields ToRecord(long now) => new()
    {
        Type = RecordType.Event,
        SequenceNr = Event.SequenceNr,
        Ticks = Event.Timestamp > 0 ? Event.Timestamp : now,
        Serializer = Serializer,
        PersistenceId = Event.PersistenceId,
        Manifest = Manifest,
        AdapterManifest = Event.Manifest,
        Writer = Event.WriterGuid,
        Tags = Tags,
        Payload = Payload,
    };
}
