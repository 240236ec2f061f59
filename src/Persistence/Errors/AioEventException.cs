namespace AkkaAio.Persistence;

/// <summary>
/// A stored event cannot be deserialized: its class or serializer is missing or has changed. It is in the log, unchanged.
/// </summary>
public sealed class AioEventException(
    string persistenceId, long sequenceNr, int serializer, string manifest, Exception cause) : AioException(
    $"Event {sequenceNr} of {persistenceId}, of serializer {serializer} with manifest \"{manifest}\", cannot be deserialized: " +
    $"{cause.Message}. Give the serializer back, or let a read adapter or the serializer understand the old manifest", cause)
{
    /// <summary>The persistence id.</summary>
    public string PersistenceId => persistenceId;

    /// <summary>The sequence number of the event.</summary>
    public long SequenceNr => sequenceNr;
}
