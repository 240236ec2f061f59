using System.Buffers.Binary;

namespace AkkaAio.Cluster.Logs;

/// <summary>What a scan of a log has found.</summary>
/// <param name="End">Behind the last whole frame that no damage comes before.</param>
/// <param name="WholeBehind">
/// Null: what is behind the end are appends that a crash cut off. Otherwise damage: a whole frame is here, in front of which all
/// was durable.
/// </param>
internal readonly record struct LogEnd(long End, long? WholeBehind);

/// <summary>Finds the end of a log.</summary>
internal static class LogScan
{
    private const int Ahead = 1 << 20;

    /// <summary>Reads a log from its start.</summary>
    /// <param name="file">The log.</param>
    /// <param name="epoch">No frame can have a higher one.</param>
    /// <exception cref="AioException">A whole frame has a higher epoch: the disk's cookie has gone back.</exception>
    public static async Task<LogEnd> FindEndAsync(AioFile file, ulong epoch)
    {
        var end = await FindHoleAsync(file, epoch).ConfigureAwait(false);
        return new LogEnd(end, end < file.Length ? await FindWholeBehindAsync(file, end, epoch).ConfigureAwait(false) : null);
    }

    // The first offset that has no whole frame.
    private static async Task<long> FindHoleAsync(AioFile file, ulong epoch)
    {
        var buffer = new byte[Ahead + LogFrame.SizeOf(LogFrame.MostPayload)];
        var (end, start, count) = (0L, 0L, 0); // buffer holds [start, start + count)
        while (true)
        {
            var at = (int)(end - start);
            var rest = buffer.AsMemory(at, count - at);
            if (!LogFrame.TryReadHeader(rest.Span, out var frame) || rest.Length < LogFrame.SizeOf(frame.Length))
            {
                if (count < buffer.Length && start + count >= file.Length && count > 0)
                {
                    return end; // all of the rest was looked at
                }

                start = end;
                count = await FillAsync(file, start, buffer).ConfigureAwait(false);
                if (!LogFrame.TryReadHeader(buffer.AsSpan(0, count), out frame) || count < LogFrame.SizeOf(frame.Length))
                {
                    return end;
                }

                continue;
            }

            if (!frame.IsIntact(rest.Span[..LogFrame.SizeOf(frame.Length)], end))
            {
                return end;
            }

            if (frame.Epoch > epoch)
            {
                throw new AioException(
                    $"{file.Path}: at {end} there is a frame of epoch {frame.Epoch}, and this open has {epoch}: " +
                    "the disk's cookie has gone back. Restore the newer one");
            }

            end += LogFrame.SizeOf(frame.Length);
        }
    }

    // A whole frame behind a hole says that what was in the hole had been durable. Frames begun together with the missing one do not.
    private static async Task<long?> FindWholeBehindAsync(AioFile file, long hole, ulong epoch)
    {
        var magic = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(magic, LogFrame.Magic);
        var buffer = new byte[Ahead + LogFrame.SizeOf(LogFrame.MostPayload)];
        for (var start = hole + 1; start < file.Length;)
        {
            var count = await FillAsync(file, start, buffer).ConfigureAwait(false);
            if (count < LogFrame.HeaderBytes)
            {
                break;
            }

            var next = Math.Min(count, Ahead); // a frame that begins before is whole in the buffer, or cut off by the file's end
            for (var at = 0; buffer.AsSpan(at, next - at).IndexOf(magic) is var found and >= 0; at++)
            {
                at += found;
                var bytes = buffer.AsSpan(at, count - at);
                if (LogFrame.TryReadHeader(bytes, out var frame) && frame.Epoch <= epoch &&
                    frame.DurableEnd > hole && frame.DurableEnd <= start + at &&
                    bytes.Length >= LogFrame.SizeOf(frame.Length) && frame.IsIntact(bytes[..LogFrame.SizeOf(frame.Length)], start + at))
                {
                    return start + at;
                }
            }

            start += next < count ? next - magic.Length + 1 : count;
        }

        return null;
    }

    private static async Task<int> FillAsync(AioFile file, long offset, Memory<byte> buffer)
    {
        var count = 0;
        while (count < buffer.Length)
        {
            var read = await file.ReadAsync(buffer[count..], offset + count).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            count += read;
        }

        return count;
    }
}
