using System.Diagnostics;
using AkkaAio.Tasks;

namespace AkkaAio;

// What code that awaits needs beside the operations themselves.
public sealed partial class AioFile
{
    // Of one write of zeros: large enough for a disk, small enough to pace it.
    private const int ZeroBlock = 256 << 10;

    /// <summary>Reads until <paramref name="destination"/> is full.</summary>
    /// <param name="destination">Filled from its start.</param>
    /// <param name="offset">Byte offset in the file.</param>
    /// <param name="cancellationToken">Ends the wait, as that of <see cref="ReadAsync(Memory{byte}, long, CancellationToken)"/>.</param>
    /// <exception cref="EndOfStreamException">The file ends before; what there was is in the destination.</exception>
    /// <exception cref="AioException">A read failed.</exception>
    public async ValueTask ReadExactlyAsync(Memory<byte> destination, long offset, CancellationToken cancellationToken = default)
    {
        var count = 0;
        while (count < destination.Length)
        {
            var read = await ReadAsync(destination[count..], offset + count, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new EndOfStreamException(
                    $"{Path} ends at {offset + count}: {count} of {destination.Length} bytes from offset {offset} could be read");
            }

            count += read;
        }
    }

    /// <summary>
    /// After an <see cref="AioOverloadedException"/>: waits until the queue of the file's shard is half empty, and no longer than at once
    /// if it is now.
    /// </summary>
    /// <returns>Commands that fit now: as <see cref="Aio.RoomAvailable.Credit"/>, a share and no reservation.</returns>
    /// <exception cref="AioException">The actor system was closed.</exception>
    public ValueTask<int> WaitForRoomAsync(CancellationToken cancellationToken = default) => WaitForRoomAsync(0, cancellationToken);

    /// <summary>As <see cref="WaitForRoomAsync(CancellationToken)"/>. With <c>shard-by = stripe</c>: of the shard of this offset.</summary>
    /// <param name="offset">Byte offset in the file.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<int> WaitForRoomAsync(long offset, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : AioOperation.Start(new Aio.AwaitRoom(this, offset), cancellationToken).AsCountTask();

    /// <summary>
    /// Looks up the length, which another process may have changed, after all that was begun before. <see cref="Length"/> is then what the
    /// file system says.
    /// </summary>
    /// <exception cref="AioException">The file was closed, or cannot be looked at.</exception>
    public ValueTask RefreshLengthAsync(CancellationToken cancellationToken = default) =>
        Run(new Aio.RefreshLength(this), cancellationToken);

    /// <summary>
    /// Writes zeros over a range, one write of 256 KiB after another with <see cref="AioPriority.Low"/>: commits into blocks that have been
    /// written are 1.8 to 3.6 times faster than into blocks that were only allocated. <b>What is in the range is lost.</b>
    /// </summary>
    /// <param name="offset">Byte offset in the file; of a direct file aligned.</param>
    /// <param name="length">Length in bytes; of a direct file aligned.</param>
    /// <param name="bytesPerSecond">How fast at most, so that others have the device too; 0: as fast as it goes.</param>
    /// <param name="cancellationToken">Ends it between two writes.</param>
    /// <exception cref="AioException">A write failed; those before it have been done.</exception>
    public async ValueTask ZeroAsync(
        long offset, long length, long bytesPerSecond = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(bytesPerSecond);
        using var zeros = Aio.Pool.Rent((int)Math.Min(length, ZeroBlock));
        zeros.GetSpan().Clear();
        var start = Stopwatch.GetTimestamp();
        for (var done = 0L; done < length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = zeros.Memory[..(int)Math.Min(length - done, zeros.Length)];
            await Run(new Aio.Write(this, part, offset + done) { Priority = AioPriority.Low }, cancellationToken).ConfigureAwait(false);
            done += part.Length;
            var ahead = bytesPerSecond == 0
                ? TimeSpan.Zero
                : TimeSpan.FromSeconds((double)done / bytesPerSecond) - Stopwatch.GetElapsedTime(start);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// The file as a stream with a position of its own, at 0. Nothing is buffered: each call is one operation of the file, so read and
    /// write in large pieces, or put a <see cref="BufferedStream"/> around it.
    /// </summary>
    /// <remarks>
    /// <para>Reads work on every file. Writes need write access and a buffered file (<see cref="DirectIo.Off"/>): a direct one takes
    /// aligned pieces only, which users of a stream do not know of, so that <see cref="Stream.CanWrite"/> is false there.</para>
    /// <para><see cref="Stream.FlushAsync()"/> makes the writes before it durable, unlike that of <see cref="FileStream"/>.</para>
    /// <para>Synchronous methods hold their thread until the operation is done, and throw <see cref="InvalidOperationException"/> on a
    /// shard's thread, which the operation needs. One call at a time, as for every stream. Errors are the BCL's:
    /// <see cref="AioException.ToBcl"/>.</para>
    /// </remarks>
    /// <param name="leaveOpen">True: disposing the stream leaves the file open. False: it closes it.</param>
    public Stream AsStream(bool leaveOpen = false) => new AioFileStream(this, leaveOpen);
}
