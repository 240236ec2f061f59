namespace AkkaAio.Persistence;

/// <summary>
/// A log is damaged where it was durable: no crash does that, a disk, a copy or a program did. Nothing was changed. Restore the file from a
/// backup; what follows the damage is still in it.
/// </summary>
public sealed class AioLogCorruptionException(string path, long offset, long batch, string reason) : AioException(
    $"{path} is damaged at offset {offset}, where batch {batch} of the log begins: {reason}. Nothing was changed; restore the file " +
    "from a backup")
{
    /// <summary>The number of the batch that is damaged or missing.</summary>
    public long Batch => batch;
}
