using AkkaAio.Files;
using AkkaAio.Tasks;

namespace AkkaAio;

// The Task façade: for code that is no actor. No Ask behind it, and no continuation runs on a shard's thread, unless the code has gone
// there (OnShard).
public sealed partial class AioFile
{
    /// <summary>
    /// Reads up to <paramref name="length"/> bytes at <paramref name="offset"/> into a buffer rented from the pool. Dispose the buffer.
    /// </summary>
    /// <remarks>Up to 64 KiB of a buffered file that the page cache has are there when this returns: the caller has copied them.</remarks>
    /// <returns>Exactly the bytes read: fewer than asked for where the file ends, none behind it.</returns>
    /// <exception cref="AioException">The read failed; nothing has happened.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the kernel's memory stays reserved until the kernel is done.</exception>
    public ValueTask<AioBuffer> RentReadAsync(long offset, int length, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<AioBuffer>(cancellationToken)
            : CachedRead.TryRead(this, offset, length) is { } buffer
                ? ValueTask.FromResult(buffer)
                : AioOperation.Start(new Aio.RentRead(this, offset, length) { IsLookedFor = true }, cancellationToken).AsBufferTask();

    /// <summary>
    /// Reads into <paramref name="destination"/> from <paramref name="offset"/>. Without a copy where it is an
    /// <see cref="AioBuffer"/>'s and aligned.
    /// </summary>
    /// <remarks>Up to 64 KiB of a buffered file that the page cache has are there when this returns: the caller has copied them.</remarks>
    /// <returns>Bytes read: fewer than the destination's length where the file ends, 0 behind it.</returns>
    /// <exception cref="AioException">The read failed.</exception>
    /// <exception cref="OperationCanceledException">
    /// Cancelled; an <see cref="AioBuffer"/> may still be written to, other memory not.
    /// </exception>
    public ValueTask<int> ReadAsync(Memory<byte> destination, long offset, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : CachedRead.TryRead(this, offset, destination, out var count)
                ? ValueTask.FromResult(count)
                : AioOperation.StartReadInto(this, destination, offset, cancellationToken).AsCountTask();

    /// <summary>Writes all of <paramref name="data"/> at <paramref name="offset"/>. Leave it unchanged until done.</summary>
    /// <exception cref="AioAlignmentException">Offset or length is not aligned, on a direct file.</exception>
    /// <exception cref="AioException">The write failed; a part of it may have happened.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; it may have happened, or happen still.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, long offset, CancellationToken cancellationToken = default) =>
        WriteAsync(data, offset, AioDurability.None, cancellationToken);

    /// <summary>As the other overload; with <see cref="AioDurability.Dsync"/> the data is on stable storage when done.</summary>
    public ValueTask WriteAsync(
        ReadOnlyMemory<byte> data, long offset, AioDurability durability, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : AioOperation.StartWrite(this, data, offset, durability, cancellationToken).AsTask();

    /// <summary>
    /// Reads one range from <paramref name="offset"/> into <paramref name="destinations"/>, filling each before the next. Without a copy
    /// where all are of <see cref="AioBuffer"/>s and aligned.
    /// </summary>
    /// <returns>Bytes read: fewer than the destinations hold where the file ends, 0 behind it.</returns>
    /// <exception cref="AioException">The read failed.</exception>
    /// <exception cref="OperationCanceledException">
    /// Cancelled; <see cref="AioBuffer"/>s may still be written to, other memory not.
    /// </exception>
    public ValueTask<int> ReadAsync(
        IReadOnlyList<Memory<byte>> destinations, long offset, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : AioOperation.Start(new Aio.ReadV(this, destinations, offset), cancellationToken).AsCountTask();

    /// <summary>
    /// Writes all of <paramref name="data"/>, one behind the other, at <paramref name="offset"/>. Leave it unchanged until done.
    /// </summary>
    /// <exception cref="AioAlignmentException">Offset or total length is not aligned, on a direct file.</exception>
    /// <exception cref="AioException">The write failed; a part of it may have happened.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; it may have happened, or happen still.</exception>
    public ValueTask WriteAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> data, long offset, CancellationToken cancellationToken = default) =>
        WriteAsync(data, offset, AioDurability.None, cancellationToken);

    /// <summary>As the other overload; with <see cref="AioDurability.Dsync"/> the data is on stable storage when done.</summary>
    public ValueTask WriteAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> data, long offset, AioDurability durability, CancellationToken cancellationToken = default) =>
        Run(new Aio.WriteV(this, data, offset) { Durability = durability }, cancellationToken);

    /// <summary>Makes every write that was begun before it durable.</summary>
    /// <exception cref="AioException">It failed, and every later flush of this open fails too: what was written may be lost.</exception>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => Run(new Aio.Flush(this), cancellationToken);

    /// <summary>Cuts or extends the file to <paramref name="length"/> bytes.</summary>
    /// <exception cref="AioException">It failed.</exception>
    public ValueTask SetLengthAsync(long length, CancellationToken cancellationToken = default) =>
        Run(new Aio.SetLength(this, length), cancellationToken);

    /// <summary>Allocates blocks for a range and extends the file over it.</summary>
    /// <exception cref="AioException">It failed: ENOSPC, or EOPNOTSUPP where the file system cannot.</exception>
    public ValueTask AllocateAsync(long offset, long length, CancellationToken cancellationToken = default) =>
        Run(new Aio.Allocate(this, offset, length), cancellationToken);

    /// <summary>Gives the blocks of a range back to the file system; the range then reads as zeros, and the length stays.</summary>
    /// <exception cref="AioException">It failed: EOPNOTSUPP where the file system cannot.</exception>
    public ValueTask PunchHoleAsync(long offset, long length, CancellationToken cancellationToken = default) =>
        Run(new Aio.PunchHole(this, offset, length), cancellationToken);

    /// <summary>Closes the file after what was begun before. Does not flush. Harmless when closed already.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Run(new Aio.Close(this), CancellationToken.None).ConfigureAwait(false);
        }
        catch (AioClosedException)
        {
            // Closed by a Close, by its owner's death or by the shutdown.
        }
        catch (AioAbortedException)
        {
            // The actor system has stopped, and has closed its files.
        }

        GC.SuppressFinalize(this);
    }

    private static ValueTask Run(Aio.FileCommand command, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : AioOperation.Start(command, cancellationToken).AsTask();
}
