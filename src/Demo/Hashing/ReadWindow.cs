using System.Security.Cryptography;

namespace AkkaAio.Demo.Hashing;

/// <summary>
/// Reads one file after the other with several reads in flight, and hashes in order. Its buffers serve all of its files, so that
/// memory is bounded and nothing is allocated for a block.
/// </summary>
internal sealed class ReadWindow(AioBufferPool pool, int reads, int chunk) : IDisposable
{
    private readonly AioBuffer?[] _buffers = new AioBuffer?[reads];
    private readonly Task<int>[] _reads = new Task<int>[reads];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The file's SHA-256 in hex digits. Reads until nothing more comes, whatever length the file says it has.</summary>
    /// <param name="file">The file.</param>
    /// <param name="openBuffered">
    /// Opens it once more, through the page cache: direct reads end at the length that the file system tells. Null: it is to be trusted.
    /// </param>
    /// <param name="done">Told of the bytes as they are read.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="AioException">A read failed.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public async Task<string> HashAsync(
        AioFile file, Func<Task<AioFile>>? openBuffered, Action<int> done, CancellationToken stop)
    {
        try
        {
            var position = await HashKnownLengthAsync(file, done, stop);
            position = await HashRestAsync(file, position, done, stop);
            if (file.IsDirect && openBuffered is not null)
            {
                await using var buffered = await openBuffered();
                await HashRestAsync(buffered, position, done, stop);
            }
        }
        catch
        {
            _hash.GetHashAndReset(); // for the next file
            throw;
        }

        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    public void Dispose()
    {
        _hash.Dispose();
        foreach (var buffer in _buffers)
        {
            buffer?.Dispose();
        }
    }

    /// <summary>Up to the length that the file has, or to the first read that ends early. Gives the position.</summary>
    private async Task<long> HashKnownLengthAsync(AioFile file, Action<int> done, CancellationToken stop)
    {
        var length = file.Length;
        var chunks = (length + chunk - 1) / chunk;
        long started = 0;
        long finished = 0;
        try
        {
            var position = 0L;
            while (finished < chunks)
            {
                for (; started < chunks && started - finished < _reads.Length; started++)
                {
                    stop.ThrowIfCancellationRequested();
                    _reads[started % _reads.Length] = StartRead(file, started, length);
                }

                var slot = finished++ % _reads.Length;
                var count = await _reads[slot];
                _hash.AppendData(_buffers[slot]!.GetSpan()[..count]);
                done(count);
                position += count;
                if (position < Math.Min(finished * chunk, length))
                {
                    return position; // ended early: cut meanwhile, or a file of /proc, whose length means nothing
                }
            }

            return position; // behind length, where the file goes on: the last read reaches to the next multiple of the alignment
        }
        finally
        {
            for (; finished < started; finished++)
            {
                await IgnoreAsync(_reads[finished % _reads.Length]); // the buffers are the kernel's until then
            }
        }
    }

    private Task<int> StartRead(AioFile file, long index, long length)
    {
        var offset = index * chunk;
        var buffer = _buffers[index % _buffers.Length] ??= pool.Rent(chunk);

        // The last read reaches to the next multiple of the alignment, so that it needs no second buffer.
        var alignment = file.OffsetAlignment;
        var wanted = Math.Min(chunk, (length - offset + alignment - 1) / alignment * alignment);
        return file.ReadAsync(buffer.Memory[..(int)wanted], offset).AsTask();
    }

    /// <summary>One read after the other until there is nothing more: how sha256sum reads. Gives the end.</summary>
    private async Task<long> HashRestAsync(AioFile file, long position, Action<int> done, CancellationToken stop)
    {
        var buffer = _buffers[0] ??= pool.Rent(chunk);
        while (true)
        {
            stop.ThrowIfCancellationRequested();

            // From an aligned offset, which may read some bytes again: direct reads then need no second buffer.
            var known = (int)(position % file.OffsetAlignment);
            var count = await file.ReadAsync(buffer.Memory, position - known, CancellationToken.None) - known;
            if (count <= 0)
            {
                return position;
            }

            _hash.AppendData(buffer.GetSpan().Slice(known, count));
            done(count);
            position += count;
        }
    }

    private static async Task IgnoreAsync(Task<int> read)
    {
        try
        {
            await read;
        }
        catch (AioException)
        {
            // The first failure is the one that counts.
        }
    }
}
