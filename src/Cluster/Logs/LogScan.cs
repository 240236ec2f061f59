namespace AkkaAio.Cluster.Logs;

/// <summary>Finds the end of a log: behind its last whole frame that no damage comes before.</summary>
internal static class LogScan
{
    private const int Ahead = 1 << 20;

    /// <summary>Reads a log from its start.</summary>
    /// <param name="file">The log.</param>
    /// <param name="epoch">No frame can have a higher one.</param>
    /// <returns>Where the next frame goes.</returns>
    /// <exception cref="AioException">A whole frame has a higher epoch: the disk's cookie has gone back.</exception>
    public static async Task<long> FindEndAsync(AioFile file, ulong epoch)
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

            if (!frame.IsIntact(rest.Span[..LogFrame.SizeOf(frame.Length)]))
            {
                return end;
            }

            if (frame.Epoch > epoch)
            {
                throw new AioException(
                    $"{file.Path}: at {end} there is a frame of epoch {frame.Epoch}, and this open has {epoch}: the disk's cookie has gone back. Restore the newer one");
            }

            end += LogFrame.SizeOf(frame.Length);
        }
    }

    private static async Task<int> FillAsync(AioFile file, long offset, Memory<byte> buffer)
    {
        var count = 0;
        while (count < buffer.Length)
        {
            var read = await file.ReadAsync(offset + count, buffer[count..]).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            count += read;
        }

        return count;
    }
}
