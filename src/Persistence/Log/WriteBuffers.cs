namespace AkkaAio.Persistence.Log;

/// <summary>
/// Memory for batches: it never refuses. What bounds it is <see cref="LogWriter{TAppend}.HasRoom"/>. What is needed all the time is kept;
/// a batch longer than others, and more of them than usual, take memory of their own, which goes back to the system behind the write.
/// </summary>
internal sealed class WriteBuffers(LogWriterSettings settings) : IDisposable
{
    private readonly AioBufferPool _pool = new(settings.PoolBytes);

    /// <exception cref="OutOfMemoryException">The system has no more.</exception>
    public AioBuffer Rent(int bytes)
    {
        if (bytes <= settings.BufferBytes && _pool.TryRent(bytes) is { } kept)
        {
            return kept;
        }

        using var once = new AioBufferPool((bytes * 5L / 4) + settings.BlockBytes); // one that is disposed frees what comes back
        return once.Rent(bytes);
    }

    public void Dispose() => _pool.Dispose();
}
