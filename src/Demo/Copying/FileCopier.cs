using AkkaAio.Cluster.Paths;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Progress;
using AkkaAio.Demo.Session;

namespace AkkaAio.Demo.Copying;

/// <summary>Copies a file with many reads and writes in flight, or as a stream.</summary>
internal sealed class FileCopier(AioSession session, bool asStream, Meter meter, BufferedNotice fallback)
{
    private const int MostChunksAtOnce = 32;
    private const int Chunk = 256 * 1024;

    private readonly AioExt _aio = session.Aio;

    /// <summary>Copies; the destination is replaced in the very end, or not at all.</summary>
    /// <returns>What the copy has not of the source, or of the file that it replaces, beside the bytes; in words.</returns>
    /// <exception cref="AioException">A read or write failed.</exception>
    /// <exception cref="DemoException">The source became shorter meanwhile.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public async Task<IReadOnlyList<string>> CopyAsync(CopyPlan plan, CancellationToken stop)
    {
        await using var source = await _aio.OpenAsync(
            plan.Source, new AioOpenOptions { Access = FileAccess.Read }, CancellationToken.None);
        fallback.Check(source);
        meter.AddTotal(source.Length);

        using var temporary = new TemporaryFile(plan.Folder);
        await WriteAsync(plan, source, temporary.Path, stop);
        var lost = new FileMetadata(plan, temporary.Handle, temporary.Path).Apply();
        stop.ThrowIfCancellationRequested();
        temporary.Become(plan.Destination);
        return lost;
    }

    private async Task WriteAsync(CopyPlan plan, AioFile source, string path, CancellationToken stop)
    {
        await using var target = await _aio.OpenAsync(
            path, new AioOpenOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.ReadWrite,
                PreallocationSize = AlignUp(source.Length, AioBuffer.Alignment),
            },
            CancellationToken.None);
        fallback.Check(target);
        var length = asStream
            ? await StreamTransfer.CopyAsync(session.System, source, target, meter, stop)
            : await CopyToEndAsync(source, target, await CopyKnownLengthAsync(source, target, stop), stop);
        if (source.IsDirect)
        {
            // Direct reads end at the length that the file system tells, which not every file system knows (FUSE).
            await using var buffered = await _aio.OpenAsync(
                plan.Source, new AioOpenOptions { Access = FileAccess.Read, Direct = DirectIo.Off }, CancellationToken.None);
            length = await CopyToEndAsync(buffered, target, length, stop);
        }

        CheckNotShorter(plan, source, length);
        if (target.Length != length)
        {
            await target.SetLengthAsync(length, CancellationToken.None);
        }

        await target.FlushAsync(CancellationToken.None);
    }

    /// <summary>
    /// Several loops take one chunk after the other, up to the length that the file says it has. Gives where the reads ended.
    /// </summary>
    private async Task<long> CopyKnownLengthAsync(AioFile source, AioFile target, CancellationToken stop)
    {
        var end = source.Length;
        var chunks = (end + Chunk - 1) / Chunk;
        var next = -1L;
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAll(Enumerable.Range(0, LoopsFor(chunks)).Select(_ => LoopAsync()));
        return end;

        async Task LoopAsync()
        {
            try
            {
                using var buffer = _aio.Pool.Rent(Chunk);
                while (Interlocked.Increment(ref next) * Chunk is var offset && offset < Volatile.Read(ref end))
                {
                    failed.Token.ThrowIfCancellationRequested();
                    var wanted = (int)Math.Min(Chunk, Volatile.Read(ref end) - offset);
                    var count = await FillAsync(source, buffer, offset, wanted);
                    await WriteChunkAsync(target, buffer, offset, count);
                    if (count < wanted)
                    {
                        LowerTo(ref end, offset + count);
                    }
                }
            }
            catch
            {
                await failed.CancelAsync(); // the others need not go on
                throw;
            }
        }
    }

    /// <summary>
    /// Reads on from where reading ended until nothing more comes: the length of a file of /proc, /sys or FUSE need not mean anything,
    /// and a file may grow. Gives the new end.
    /// </summary>
    private async Task<long> CopyToEndAsync(AioFile source, AioFile target, long end, CancellationToken stop)
    {
        using var buffer = _aio.Pool.Rent(Chunk);
        var offset = end - (end % AioBuffer.Alignment);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var count = await FillAsync(source, buffer, offset, Chunk);
            if (offset + count <= end)
            {
                return end;
            }

            await WriteChunkAsync(target, buffer, offset, count);
            end = offset + count;
            offset = end - (end % AioBuffer.Alignment);
        }
    }

    /// <summary>Reads until all is there that is wanted, or nothing more comes: a read may give less than there is.</summary>
    private static async Task<int> FillAsync(AioFile source, AioBuffer buffer, long offset, int wanted)
    {
        var filled = 0;
        while (filled < wanted)
        {
            // From an aligned offset, which may read some bytes again: direct reads then need no second buffer.
            var from = filled - (filled % source.OffsetAlignment);
            var memory = buffer.Memory[from..(int)AlignUp(wanted, source.OffsetAlignment)];
            var count = await source.ReadAsync(memory, offset + from, CancellationToken.None);
            if (from + count <= filled)
            {
                break;
            }

            filled = from + count;
        }

        return Math.Min(filled, wanted);
    }

    // What is behind the end is zeroed, written with it and cut off later: direct I/O writes whole blocks only.
    private async Task WriteChunkAsync(AioFile target, AioBuffer buffer, long offset, int count)
    {
        if (count > 0)
        {
            var aligned = (int)AlignUp(count, target.OffsetAlignment);
            buffer.GetSpan()[count..aligned].Clear();
            await target.WriteAsync(buffer.Memory[..aligned], offset, CancellationToken.None);
            meter.AddDone(count);
        }
    }

    /// <summary>
    /// A file that ends before its length may be one whose length means nothing. One whose length has fallen lost data while it was
    /// copied.
    /// </summary>
    private static void CheckNotShorter(CopyPlan plan, AioFile source, long length)
    {
        if (plan.SourceStatus.Kind == PathKind.BlockDevice)
        {
            if (length < source.Length)
            {
                throw new DemoException($"{plan.Source} ended at {length} of its {source.Length} bytes");
            }

            return;
        }

        var before = plan.SourceStatus;
        var isThere = PathStatus.TryGet(plan.Source, followLink: true, out var now) == Errno.None;
        var isSame = isThere && (now.Device, now.Inode) == (before.Device, before.Inode);
        var isShorter = !isThere || now.Length < before.Length;

        // A file that was renamed meanwhile, and another put in its place, is complete as long as no read ended early.
        if (isShorter && (isSame || length < before.Length))
        {
            throw new DemoException($"{plan.Source} became shorter while it was copied: {before.Length} bytes before, {length} copied");
        }
    }

    private static void LowerTo(ref long end, long to)
    {
        for (var seen = Volatile.Read(ref end); to < seen;)
        {
            var before = Interlocked.CompareExchange(ref end, to, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    // Within what a shard takes and the pool holds, whatever the configuration says.
    private int LoopsFor(long chunks)
    {
        var commands = _aio.Depth + _aio.Settings.MaxQueueSize;
        return (int)Math.Max(1, Math.Min(
            Math.Min(chunks, MostChunksAtOnce), Math.Min(commands, _aio.Settings.BufferBudget / 2 / Chunk)));
    }

    private static long AlignUp(long value, int alignment) => (value + alignment - 1) / alignment * alignment;
}
