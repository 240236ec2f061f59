using System.Diagnostics.CodeAnalysis;
using AkkaAio.Cluster.Client;
using AkkaAio.Cluster.Names;
using Google.Protobuf;

namespace AkkaAio.Cluster;

/// <summary>
/// A file of the cluster, as seen from any node. Every call goes to the file's owner and is told again until it is answered or
/// <c>call-timeout</c> is over, and is performed once. Where the owner changes before it has answered a change of a plain file, the call
/// fails with <see cref="AioClusterFailure.OwnerChanged"/>: made again, it could write over what another client has written since. All
/// members may be used from any thread. There is nothing to close.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim holds nothing to dispose unless its AvailableWaitHandle was read.")]
public sealed partial class AioClusterFile
{
    private readonly AioClusterExt _cluster;
    private readonly FileAddress _address;
    private readonly AioClusterOpenOptions _options;
    private readonly ByteString _fileId;
    private readonly ByteString _writer = Owner.Replies.BytesOf(Guid.NewGuid());
    private readonly UnflushedWrites _unflushed = new();
    private readonly SemaphoreSlim _changes;
    private readonly SemaphoreSlim _appending = new(1);
    private long _epoch;
    private long _end;

    internal AioClusterFile(AioClusterExt cluster, FileAddress address, AioClusterOpenOptions options, Wire.FileOpened opened)
    {
        (_cluster, _address, _options, _fileId) = (cluster, address, options, opened.FileId);
        (_epoch, _end) = ((long)opened.Epoch, opened.End);
        Kind = (AioClusterFileKind)opened.Kind;
        _changes = new SemaphoreSlim((int)Math.Clamp(opened.Credit / cluster.Settings.MaxTransfer, 1, Owner.ClientChanges.Window / 2));
    }

    /// <summary>Where it is.</summary>
    public string Address => _address.ToString();

    /// <summary>Plain or log.</summary>
    public AioClusterFileKind Kind { get; }

    /// <summary>Where it ended when that was last heard of. Of a log an offset for <see cref="ReadLogAsync"/>, frames included.</summary>
    public long End => Volatile.Read(ref _end);

    /// <summary>File id and epoch, as they were last heard of.</summary>
    internal string Identity => $"{Convert.ToHexStringLower(_fileId.Span[..4])}/{Volatile.Read(ref _epoch):x}";

    private ClusterCalls Calls => _cluster.Calls;

    private int MaxTransfer => _cluster.Settings.MaxTransfer;

    /// <summary>
    /// Reads up to <paramref name="length"/> bytes; fewer at the end of the file. More than <c>max-transfer</c> are several requests.
    /// </summary>
    /// <exception cref="AioClusterFileException">The owner cannot read, or is away.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(long offset, int length, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length <= MaxTransfer)
        {
            return await ReadOnceAsync(offset, length, cancellationToken).ConfigureAwait(false);
        }

        var all = new byte[length];
        var count = 0;
        while (count < length)
        {
            var part = await ReadOnceAsync(offset + count, Math.Min(length - count, MaxTransfer), cancellationToken).ConfigureAwait(false);
            if (part.Length == 0)
            {
                break;
            }

            part.CopyTo(all.AsMemory(count));
            count += part.Length;
        }

        return all.AsMemory(0, count);
    }

    /// <summary>
    /// Writes, of a plain file. More than <c>max-transfer</c> bytes are several requests: a failure may leave the first of them done.
    /// </summary>
    /// <param name="data">Unchanged until the task ends.</param>
    /// <param name="offset">Where.</param>
    /// <param name="durability">Dsync: it is on stable storage when the task ends. None: after the next <see cref="FlushAsync"/>.</param>
    /// <param name="cancellationToken">Ends the call; the write may be performed all the same.</param>
    /// <exception cref="AioClusterFileException">Its Outcome says whether it may have happened.</exception>
    public async Task WriteAsync(
        ReadOnlyMemory<byte> data, long offset, AioDurability durability = AioDurability.None,
        CancellationToken cancellationToken = default)
    {
        do
        {
            var part = data[..Math.Min(data.Length, MaxTransfer)];
            var write = new Wire.WriteAt
            {
                Offset = offset,
                Data = UnsafeByteOperations.UnsafeWrap(part),
                Durable = durability == AioDurability.Dsync,
            };
            await ChangeAsync((request, _) => request.WriteAt = write, cancellationToken).ConfigureAwait(false);
            (offset, data) = (offset + part.Length, data[part.Length..]);
        }
        while (data.Length > 0);
    }

    /// <summary>
    /// Appends at the end, wherever that is: where others have appended meanwhile, behind them. Calls on one object are performed one after
    /// the other.
    /// </summary>
    /// <param name="data">Up to <c>max-transfer</c> bytes, which come whole or not at all into a log.</param>
    /// <param name="durability">As for <see cref="WriteAsync"/>.</param>
    /// <param name="cancellationToken">Ends the call; the append may be performed all the same.</param>
    /// <returns>The end behind it.</returns>
    /// <exception cref="AioClusterFileException">Its Outcome says whether it may have happened.</exception>
    public async Task<long> AppendAsync(
        ReadOnlyMemory<byte> data, AioDurability durability = AioDurability.Dsync, CancellationToken cancellationToken = default)
    {
        await _appending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                try
                {
                    return await AppendAtAsync(End, data, durability, isFirst: true, cancellationToken).ConfigureAwait(false);
                }
                catch (AioClusterFileException e) when (e.Failure == AioClusterFailure.WrongEnd)
                {
                    Volatile.Write(ref _end, e.End!.Value); // the bytes at the old end are not ours: nothing was performed
                }
            }
        }
        finally
        {
            _appending.Release();
        }
    }

    /// <summary>
    /// Appends, if the file ends at <paramref name="expectedEnd"/>. Where these very bytes are there already, by a call before that was not
    /// answered, it succeeds and changes nothing.
    /// </summary>
    /// <returns>The end behind it.</returns>
    /// <exception cref="AioClusterFileException">
    /// WrongEnd, with the end that it has: nothing has changed. Others as for <see cref="AppendAsync"/>.
    /// </exception>
    public Task<long> AppendAtAsync(
        long expectedEnd, ReadOnlyMemory<byte> data, AioDurability durability = AioDurability.Dsync,
        CancellationToken cancellationToken = default) =>
        AppendAtAsync(expectedEnd, data, durability, isFirst: false, cancellationToken);

    /// <summary>Cuts a plain file, or makes it longer by zeros, if it ends at <paramref name="expectedEnd"/>; durably.</summary>
    /// <exception cref="AioClusterFileException">WrongEnd, with the end that it has: nothing has changed.</exception>
    public Task TruncateAsync(long expectedEnd, long newEnd, CancellationToken cancellationToken = default)
    {
        var truncate = new Wire.Truncate { ExpectedEnd = expectedEnd, NewEnd = newEnd };
        return ChangeAsync((request, _) => request.Truncate = truncate, cancellationToken);
    }

    /// <summary>
    /// What this object had written when the call began is on stable storage when the task ends, also where the file's owner has changed
    /// since: an owner that leaves flushes first.
    /// </summary>
    /// <exception cref="AioClusterFileException">
    /// Lost: an owner ended without that, and what it had acknowledged without Dsync may be lost.
    /// Io: the disk failed, with the same meaning.
    /// </exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) => FlushToEndAsync(cancellationToken);

    /// <inheritdoc/>
    public override string ToString() => $"AioClusterFile({Address})";

    internal async Task DeleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ChangeAsync((request, _) => request.Delete = new Wire.DeleteFile(), cancellationToken).ConfigureAwait(false);
        }
        catch (AioClusterFileException e) when (e.Failure is AioClusterFailure.NotFound or AioClusterFailure.Replaced)
        {
            // The file that was opened is gone, durably: by an attempt before, by a duplicate of it, or by another client.
        }
    }

    private async Task<long> FlushToEndAsync(CancellationToken cancellationToken)
    {
        var (since, count) = _unflushed.Begin();
        var end = await ChangeAsync(
            (request, _) => request.Flush = new Wire.Flush { Since = since }, cancellationToken).ConfigureAwait(false);
        _unflushed.Flushed(count);
        return end;
    }

    // First: no call before can have appended these bytes, so that equal ones that are there are another's. In a log, whose frames name
    // their writer, it is said of the first request alone: a duplicate of a request that one owner refused may have reached another.
    private Task<long> AppendAtAsync(
        long expectedEnd, ReadOnlyMemory<byte> data, AioDurability durability, bool isFirst, CancellationToken cancellationToken)
    {
        var bytes = UnsafeByteOperations.UnsafeWrap(data);
        var requests = 0;
        return ChangeAsync(
            (request, unsure) => request.AppendAt = new Wire.AppendAt
            {
                ExpectedEnd = expectedEnd,
                Data = bytes,
                Durable = durability == AioDurability.Dsync,
                IsFirst = isFirst && !unsure && (requests++ == 0 || Kind == AioClusterFileKind.Plain),
                Writer = _writer,
            }, cancellationToken);
    }

    private async Task<ReadOnlyMemory<byte>> ReadOnceAsync(long offset, int length, CancellationToken cancellationToken)
    {
        var read = new Wire.ReadAt { Offset = offset, Length = length };
        var answer = await Calls.CallAsync(
            _ => new Wire.Request { File = Address, ReadAt = read }, changes: false, cancellationToken).ConfigureAwait(false);
        return answer.Reply.Data.Data_.Memory;
    }

    private async Task<long> ChangeAsync(Action<Wire.Request, bool> operation, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var unsure = false;
            while (true)
            {
                var answer = await Calls.CallAsync(Make, changes: true, cancellationToken, unsure).ConfigureAwait(false);
                unsure = answer.WasUnsure;
                switch (answer.Reply.ResultCase)
                {
                    case Wire.Reply.ResultOneofCase.Done:
                        Raise(answer.Reply.Done.End);
                        if (answer.Request is { WriteAt.Durable: false } or { AppendAt.Durable: false })
                        {
                            _unflushed.Add(answer.Request.Epoch);
                        }

                        return answer.Reply.Done.End;
                    case Wire.Reply.ResultOneofCase.WrongEnd:
                        var end = answer.Reply.WrongEnd.End;
                        throw new AioClusterFileException(
                            Address, AioClusterFailure.WrongEnd,
                            unsure && Kind == AioClusterFileKind.Plain ? AioOutcome.MayHaveHappened : AioOutcome.NotPerformed,
                            $"{Address} ends at {end}, and not where the call expected", end);
                    case Wire.Reply.ResultOneofCase.Moved:
                        GoOnAt(answer.Reply.Moved, unsure);
                        if (unsure && !MayRepeat(answer.Request))
                        {
                            throw new AioClusterFileException(
                                Address, AioClusterFailure.OwnerChanged, AioOutcome.MayHaveHappened,
                                $"{Address}: its owner changed before it had answered. The change may have been made, " +
                                "and is not made again: another client may have written since. Read what is there");
                        }

                        break;
                    default:
                        throw new AioClusterFileException(
                            Address, AioClusterFailure.Unsupported, AioOutcome.MayHaveHappened,
                            $"{Address}: an answer of another version: {answer.Reply.ResultCase}");
                }
            }
        }
        finally
        {
            _changes.Release();
        }

        Wire.Request Make(bool unsure)
        {
            var request = Calls.Change(Address, _fileId, (ulong)Volatile.Read(ref _epoch));
            operation(request, unsure);
            return request;
        }
    }

    // An append to a log is looked for by its owner, a Flush and a Delete of this very file can be made twice.
    private bool MayRepeat(Wire.Request change) =>
        Kind == AioClusterFileKind.Log || _options.MayRepeatChanges || change.OperationCase
            is Wire.Request.OperationOneofCase.Flush or Wire.Request.OperationOneofCase.Delete;

    // Another open of the file by its owner, or another owner.
    private void GoOnAt(Wire.Moved moved, bool unsure)
    {
        if (!moved.FileId.Equals(_fileId))
        {
            throw new AioClusterFileException(
                Address, AioClusterFailure.Replaced, unsure ? AioOutcome.MayHaveHappened : AioOutcome.NotPerformed,
                $"{Address} was deleted and made again since it was opened here");
        }

        Volatile.Write(ref _epoch, (long)moved.Epoch);
    }

    private void Raise(long end)
    {
        var known = End;
        while (known < end && Interlocked.CompareExchange(ref _end, end, known) is var now && now != known)
        {
            known = now;
        }
    }
}
