namespace AkkaAio.Persistence;

/// <summary>A Persist or PersistAll has more bytes than <c>write.max-atomic-write</c>. It is rejected; the journal goes on.</summary>
public sealed class AioEventTooLargeException(string persistenceId, long bytes, long most) : AioException(
    $"The events of {persistenceId} have {bytes} bytes serialized, and write.max-atomic-write is {most}. Persist fewer at once, or store " +
    "large data elsewhere and persist where it is")
{
    /// <summary>Bytes that the events have.</summary>
    public long Bytes => bytes;
}
