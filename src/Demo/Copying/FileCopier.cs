using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Progress;
using AkkaAio.Demo.Session;

namespace AkkaAio.Demo.Copying;

/// <summary>Copies a file with many reads and writes in flight.</summary>
internal sealed class FileCopier(AioExt aio, Meter meter, BufferedNotice fallback)
{
    private const int MostChunksAtOnce = 32;
    private const int Chunk = 256 * 1024;

    /// <summary>Copies; the destination is replaced in the very end, or not at all.</summary>
    /// <exception cref="AioException">A read or write failed.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    public async Task CopyAsync(CopyPlan plan, CancellationToken stop)
    {
        await using var source = await aio.OpenAsync(
            plan.Source, new AioOpenOptions { Access = FileAccess.Read }, CancellationToken.None);
        fallback.Check(source);
        meter.AddTotal(source.Length);

        using var temporary = new TemporaryFile(plan.Folder);
        await WriteAsync(plan, source, temporary.Path, stop);
        temporary.TakeModeOf(plan.SourceStatus);
        stop.ThrowIfCancellationRequested();
        temporary.Become(plan.Destination);
    }

    private async Task WriteAsync(CopyPlan plan, AioFile source, string path, CancellationToken stop)
    {
        await using var target = await aio.OpenAsync(
            path, new AioOpenOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.ReadWrite,
                PreallocationSize = AlignUp(source.Length, AioBuffer.Alignment),
            },
            CancellationToken.None);
        fallback.Check(target);
        var length = source.IsDirect || source.Length > Chunk
            ? await CopyChunksAsync(plan, source, target, stop)
            : await CopyToEndAsync(source, target, stop);
        if (target.Length != length)
        {
            await target.SetLengthAsync(length, CancellationToken.None);
        }

        await target.FlushAsync(CancellationToken.None);
    }

    /// <summary>Several loops take one chunk after the other.</summary>
    private async Task<long> CopyChunksAsync(CopyPlan plan, AioFile source, AioFile target, CancellationToken stop)
    {
        var length = source.Length;
        var chunks = (length + Chunk - 1) / Chunk;
        var next = -1L;
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAll(Enumerable.Range(0, LoopsFor(chunks)).Select(_ => LoopAsync()));
        return length;

        async Task LoopAsync()
        {
            try
            {
                using var buffer = aio.Pool.Rent(Chunk);
                while (Interlocked.Increment(ref next) is var chunk && chunk < chunks)
                {
                    failed.Token.ThrowIfCancellationRequested();
                    await CopyChunkAsync(plan, source, target, buffer, chunk * Chunk, length);
                }
            }
            catch
            {
                await failed.CancelAsync(); // the others need not go on
                throw;
            }
        }
    }

    private async Task CopyChunkAsync(
        CopyPlan plan, AioFile source, AioFile target, AioBuffer buffer, long offset, long length)
    {
        var wanted = (int)Math.Min(Chunk, length - offset);
        var count = await source.ReadAsync(offset, buffer.Memory[..(int)AlignUp(wanted, source.OffsetAlignment)]);
        if (count < wanted)
        {
            throw new DemoException($"{plan.Source} became shorter while it was copied");
        }

        // What is behind the end is zeroed, written with it and cut off later: direct I/O writes whole blocks only.
        var aligned = (int)AlignUp(wanted, target.OffsetAlignment);
        buffer.GetSpan()[wanted..aligned].Clear();
        await target.WriteAsync(offset, buffer.Memory[..aligned]);
        meter.AddDone(wanted);
    }

    /// <summary>For the files of /proc and /sys, whose length means nothing: reads until nothing more comes.</summary>
    private async Task<long> CopyToEndAsync(AioFile source, AioFile target, CancellationToken stop)
    {
        using var buffer = aio.Pool.Rent(Chunk);
        var (written, filled) = (0L, 0);
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var count = await source.ReadAsync(written + filled, buffer.Memory[filled..], CancellationToken.None);
            filled += count;
            if (count > 0 && filled < Chunk)
            {
                continue;
            }

            var aligned = (int)AlignUp(filled, target.OffsetAlignment);
            buffer.GetSpan()[filled..aligned].Clear();
            await target.WriteAsync(written, buffer.Memory[..aligned], CancellationToken.None);
            meter.AddDone(filled);
            written += filled;
            filled = 0;
            if (count == 0)
            {
                return written;
            }
        }
    }

    // Within what a shard takes and the pool holds, whatever the configuration says.
    private int LoopsFor(long chunks)
    {
        var commands = aio.Depth + aio.Settings.MaxQueueSize;
        return (int)Math.Max(1, Math.Min(
            Math.Min(chunks, MostChunksAtOnce), Math.Min(commands, aio.Settings.BufferBudget / 2 / Chunk)));
    }

    private static long AlignUp(long value, int alignment) => (value + alignment - 1) / alignment * alignment;
}
