namespace AkkaAio.Persistence;

/// <summary>
/// A persistence id is empty, or no Unicode: half of a surrogate pair is in it. Nothing was stored, replayed or deleted. Give the actor
/// another id.
/// </summary>
public sealed class AioPersistenceIdException : AioException
{
    internal AioPersistenceIdException(string persistenceId, int index, Exception cause)
        : base(
            $"The persistence id \"{persistenceId}\" is no Unicode: half of a surrogate pair, U+{(int)persistenceId[index]:X4}, is its " +
            $"character {index}. Nothing was stored, replayed or deleted; give the actor another id", cause) =>
        PersistenceId = persistenceId;

    internal AioPersistenceIdException()
        : base("A persistence id is empty. Nothing was stored, replayed or deleted; give the actor another id") => PersistenceId = "";

    /// <summary>The persistence id.</summary>
    public string PersistenceId { get; }
}
