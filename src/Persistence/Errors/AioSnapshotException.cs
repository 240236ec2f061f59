namespace AkkaAio.Persistence;

/// <summary>
/// A stored snapshot cannot be deserialized: its class or serializer is missing or has changed. It is in the log, unchanged, and none
/// before it is offered: the events behind that may be deleted.
/// </summary>
public sealed class AioSnapshotException : AioException
{
    internal AioSnapshotException(string persistenceId, long sequenceNr, int serializer, string manifest, Exception cause)
        : base(
            $"Snapshot {sequenceNr} of {persistenceId}, of serializer {serializer} with manifest \"{manifest}\", cannot be deserialized: " +
            $"{cause.Message}. Give the serializer back, or delete the snapshot if all of the events from the one before it on are there",
            cause)
    {
        (PersistenceId, SequenceNr) = (persistenceId, sequenceNr);
    }

    /// <summary>The persistence id.</summary>
    public string PersistenceId { get; }

    /// <summary>The sequence number of the snapshot.</summary>
    public long SequenceNr { get; }
}
