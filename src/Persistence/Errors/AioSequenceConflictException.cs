namespace AkkaAio.Persistence;

/// <summary>
/// A write has a sequence number that is stored already: another actor with the same persistence id has written meanwhile. Nothing of it
/// was stored. Let only one actor of a persistence id be alive, with sharding or a singleton.
/// </summary>
public sealed class AioSequenceConflictException(string persistenceId, long sequenceNr, long highest) : AioException(
    $"Event {sequenceNr} of {persistenceId} was not stored: {highest} is stored already, by another actor with this persistence id. Let " +
    "only one of them be alive, with sharding or a singleton")
{
    /// <summary>The persistence id.</summary>
    public string PersistenceId => persistenceId;

    /// <summary>The sequence number that was to be stored.</summary>
    public long SequenceNr => sequenceNr;

    /// <summary>The highest that is stored.</summary>
    public long Highest => highest;
}
