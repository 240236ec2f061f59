using AkkaAio.Cluster.Disks;
using AkkaAio.Interop.Files;

namespace AkkaAio.Cluster.Owner;

// What is acknowledged before it is durable: the file says so, until it has been flushed.
internal sealed partial class FileOwner
{
    private Task? _mark; // of this open; null: nothing was

    // Of a log: what is before it is durable; and the last append that may not be.
    private long _durableEnd;
    private long _undurableEnd;

    // Actor thread. A durable append makes durable what is before it, too: otherwise a crash could leave it behind a hole.
    private Task AppendAsync(OpenedFile open, long offset, ReadOnlyMemory<byte> frame, bool durable)
    {
        if (!durable)
        {
            _undurableEnd = offset + frame.Length;
        }

        return durable && _undurableEnd > _durableEnd ? FlushBehindAsync() : WriteAsync(open, offset, frame, durable);

        async Task FlushBehindAsync()
        {
            await open.File.WriteAsync(frame, offset).ConfigureAwait(false);
            await open.File.FlushAsync().ConfigureAwait(false);
        }
    }

    // Actor thread.
    private Task WriteAsync(OpenedFile open, long offset, ReadOnlyMemory<byte> data, bool durable)
    {
        if (durable)
        {
            return open.File.WriteAsync(data, offset, AioDurability.Dsync).AsTask();
        }

        _mark ??= WithDescriptorAsync(open, () => UnflushedMark.Set((LinuxFile)open.File.Handle, open.Epoch));
        var written = open.File.WriteAsync(data, offset).AsTask();
        return _mark.IsCompletedSuccessfully ? written : Task.WhenAll(written, _mark);
    }

    // Behind the flush of an orderly close.
    private Task PutMarkBackAsync(OpenedFile open, Task? mark) => mark is { IsCompletedSuccessfully: true }
        ? _cluster.RunBlocking(() => UnflushedMark.PutBack((LinuxFile)open.File.Handle, open.LostUpTo))
        : Task.CompletedTask;

    // A flush covers what its sender was told in this epoch. Of earlier ones the file says whether they were flushed.
    private Wire.Reply? WhyLost(Wire.Flush flush, OpenedFile open) =>
        flush.Since == 0 || flush.Since == open.Epoch || (flush.Since > open.LostUpTo && flush.Since < open.Epoch)
            ? null
            : Replies.Failure(
                Wire.FailureKind.FailureLost,
                $"{_address}: an owner ended before it had flushed what it acknowledged in epoch {open.LostUpTo:x} or before; " +
                $"this client waits for a flush since epoch {flush.Since:x}. What was not durable may be lost: open the file again, " +
                "and write it again",
                mayHaveHappened: true);

    // Keeps the file locked, though its owner may end meanwhile: a late call would meet the next owner's.
    private async Task WithDescriptorAsync(OpenedFile open, Action call)
    {
        open.Hold.Keep();
        try
        {
            await _cluster.RunBlocking(() =>
            {
                using var descriptor = open.File.KeepDescriptor();
                call();
            }).ConfigureAwait(false);
        }
        finally
        {
            open.Hold.GiveBack();
        }
    }
}
