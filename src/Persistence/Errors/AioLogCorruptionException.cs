namespace AkkaAio.Persistence;

/// <summary>
/// A log is damaged where it was durable: no crash does that, a disk, a copy or a program did. Nothing was changed. Restore the file from a
/// backup; what follows the damage is still in it. <see cref="AioException.Path"/> and <see cref="AioException.Offset"/> say where it
/// begins.
/// </summary>
public sealed class AioLogCorruptionException : AioException
{
    internal AioLogCorruptionException(string path, long offset, long batch, string reason)
        : base(
            $"{path} is damaged at offset {offset}{(batch > 0 ? $", where batch {batch} of the log begins" : "")}: {reason}. Nothing was " +
            "changed; restore the file from a backup")
    {
        (Path, Offset, Batch) = (path, offset, batch);
    }

    /// <summary>The number of the batch that is damaged or missing; 0: it is not known, or what is damaged is no batch.</summary>
    public long Batch { get; }
}
