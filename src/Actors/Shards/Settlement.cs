using System.Diagnostics;
using Akka.Event;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Tasks;

namespace AkkaAio.Shards;

/// <summary>
/// What becomes of an operation when the kernel or a blocking thread is through with it: its reply, the rest of it, or a look at the
/// file. With the reply its memory is given back, or handed to the requester.
/// </summary>
internal sealed class Settlement(AioExt aio, ShardLoop loop)
{
    // A device that goes on cutting writes short would keep the slot busy without end.
    private const int MaxShortWrites = 8;

    private readonly Shard _shard = loop.Shard;
    private readonly ReplyList _replies = loop.Replies;
    private readonly ShardCounters _counters = loop.Shard.Counters;

    /// <summary>The kernel or a blocking thread has done it, or a part. Nothing that it brings with it can stop the others.</summary>
    public void Settle(Operation operation, long result)
    {
        try
        {
            if (operation.Opcode == IoOpcode.DataSync)
            {
                loop.Syncs.OnReaped(operation, result < 0 ? (Errno)(-result) : Errno.None);
            }
            else if (TrySettle(operation, result))
            {
                loop.Finish(operation);
            }
            else
            {
                Continue(operation);
            }
        }
        catch (Exception e)
        {
            aio.Log.Error(e, "Shard {ShardId}: the reply to {Command} failed", _shard.Index, operation.Command);
            loop.End.Abort(operation);
        }
    }

    // A part is done.
    private void Continue(Operation operation)
    {
        var isBlocking = operation.Place == Place.InHand; // was, until now
        if (!isBlocking && _shard.Context is { StopRequested: true })
        {
            loop.End.Abort(operation); // nobody submits the rest
        }
        else if (isBlocking || operation.MustLook || (_shard.Gate.IsVisited && loop.MayStage(operation.File)))
        {
            RunBlocking(operation);
        }
        else
        {
            loop.Submits!.AddReady(operation);
        }
    }

    /// <summary>What would be done inside io_submit, on this thread: all of buffered I/O.</summary>
    public void RunBlocking(Operation operation)
    {
        operation.SubmittedAt = Stopwatch.GetTimestamp();
        aio.RunBlocking(() => _shard.Tell(new BlockingDone(operation, BlockingIo.Run(operation)), _shard.Ref));
        operation.Place = Place.Blocking; // not where no thread takes it
    }

    /// <summary>A blocking thread has done it, or a part of it.</summary>
    public void OnBlockingDone(BlockingDone done)
    {
        done.Operation.Place = Place.InHand;
        Settle(done.Operation, done.Result);
    }

    /// <summary>A read of a buffered file that the page cache has is done at once.</summary>
    public bool IsAnsweredFromCache(Operation operation)
    {
        if (!operation.MayBeCached)
        {
            return false;
        }

        var destination = operation.Buffer!.UncheckedSpan(operation.BufferStart, operation.Total);
        if (!operation.File.Handle.TryReadCached(destination, operation.Start, out var count))
        {
            _counters.CacheMisses++;
            return false;
        }

        _counters.CacheHits++;
        if (!TrySettle(operation, count))
        {
            return false; // it ends before what we take for the end of the file
        }

        loop.Finish(operation);
        return true;
    }

    /// <summary>Settles a read or write.</summary>
    /// <param name="operation">Never an fdatasync, which is the flushes'.</param>
    /// <param name="result">Bytes moved by the last kernel operation, or a negated errno.</param>
    /// <returns>False: a part is done, and the rest must be submitted; or <see cref="Operation.MustLook"/>.</returns>
    public bool TrySettle(Operation operation, long result)
    {
        operation.HasLooked |= operation.MustLook;
        operation.MustLook = false;
        if (result < 0)
        {
            SettleError(operation, (Errno)(-result));
            return true;
        }

        var asked = operation.NextLength;
        operation.Done += (int)result;
        if (operation.Done < operation.Total)
        {
            if (result == asked)
            {
                return false; // longer than one kernel operation
            }

            if (operation.IsWrite)
            {
                return !GoesOnAfterShortWrite(operation);
            }

            if (result > 0 && !IsEnd(operation))
            {
                return false; // short in the middle
            }
        }

        if (!operation.HasLooked && MustLook(operation))
        {
            operation.MustLook = true;
            return false;
        }

        Succeed(operation);
        operation.MayLeaveTail = operation.IsWrite && operation.HasLooked; // it may have been cut off
        return true;
    }

    /// <summary>Its reply is a failure. Its memory is given back.</summary>
    public void Fail(Operation operation, Exception cause, AioOutcome outcome)
    {
        var command = operation.Transfer;
        if (operation is { IsWrite: true, Done: > 0 })
        {
            operation.File.Extent.Written(command.Offset + operation.Done, operation.Cuts);
        }

        _replies.Add(operation.TakeRequester(), new Aio.CommandFailed(command, cause, outcome));
        operation.ReleaseMemory();
        operation.MayLeaveTail = operation.IsWrite;
    }

    /// <summary>The kernel failed it.</summary>
    public void Fail(Operation operation, Errno errno, AioOutcome outcome)
    {
        CountError(operation, errno);
        Fail(operation, ErrorOf(operation, errno), outcome);
    }

    private void CountError(Operation operation, Errno errno)
    {
        _counters.OfShard.Fail(operation.Opcode, errno);
        operation.Lane.Answered.Errors++;
    }

    private void SettleError(Operation operation, Errno errno)
    {
        if ((operation.Flags & RwFlags.DSync) != 0 && MayReportLoss(errno))
        {
            operation.File.Home.StickFlushError(ErrorOf(operation, errno));
        }

        Fail(operation, errno, operation.Outcome);
    }

    // The typed exception for an errno, with what had been written before it.
    private static Exception ErrorOf(Operation operation, Errno errno)
    {
        var command = operation.Transfer;
        var error = new AioSystemException(errno, command.Name, command.File.Path, command.Offset, command.Length);
        return operation is { IsWrite: true, Done: > 0 }
            ? new AioShortWriteException(command.File.Path, command.Offset, command.Length, operation.Done, error)
            : error;
    }

    private bool GoesOnAfterShortWrite(Operation operation)
    {
        var command = operation.Transfer;
        if (++operation.ShortWrites > MaxShortWrites)
        {
            CountError(operation, Errno.EIO); // what the kernel should have said
            Fail(operation, new AioShortWriteException(command.File.Path, command.Offset, command.Length, operation.Done),
                AioOutcome.MayHaveHappened);
            return false;
        }

        // Direct I/O goes on at an aligned offset, which may write some bytes once more.
        operation.Done -= operation.Done % command.File.OffsetAlignment;
        return true;
    }

    private void Succeed(Operation operation)
    {
        if (operation.IsWrite)
        {
            SucceedWrite(operation);
            return;
        }

        var command = operation.Transfer;
        var count = CountOf(operation, command.Length);
        var ofFile = operation.Lane.Answered;
        _counters.OfShard.Reads++;
        _counters.OfShard.ReadBytes += count;
        ofFile.Reads++;
        ofFile.ReadBytes += count;
        if (command is Aio.RentRead read)
        {
            SucceedRead(operation, read, count);
        }
        else
        {
            SucceedReadInto(operation, command, count);
        }
    }

    private void SucceedWrite(Operation operation)
    {
        var command = operation.Transfer;
        var ofFile = operation.Lane.Answered;
        _counters.OfShard.Writes++;
        _counters.OfShard.WrittenBytes += command.Length;
        ofFile.Writes++;
        ofFile.WrittenBytes += command.Length;
        if ((operation.Flags & RwFlags.DSync) != 0)
        {
            command.File.Extent.Flushed();
        }

        operation.ReleaseMemory();
        var requester = operation.TakeRequester();
        if (requester is AioOperation awaited)
        {
            _replies.Add(awaited, command, command.Length);
        }
        else if (requester is not null)
        {
            _replies.Add(
                requester, command is Aio.Write write ? new Aio.WriteCompleted(write) : new Aio.WriteVCompleted((Aio.WriteV)command));
        }
    }

    private void SucceedRead(Operation operation, Aio.RentRead read, int count)
    {
        var buffer = operation.Buffer!;
        operation.Buffer = null;
        if (operation.TakeRequester() is { } requester)
        {
            buffer.Slice(operation.Head, count);
            _replies.Add(requester, new Aio.RentReadCompleted(read, buffer));
        }
        else
        {
            buffer.Release();
        }
    }

    private void SucceedReadInto(Operation operation, Aio.TransferCommand command, int count)
    {
        var requester = operation.TakeRequester();
        Aio.Event? failed = null;
        if (operation.IsBounce && requester is not null) // after a Cancel the destination is its owner's again, and gets not a byte
        {
            failed = CopyToDestination(operation, command, count);
        }

        operation.ReleaseMemory();
        if (failed is null && requester is AioOperation awaited)
        {
            _replies.Add(awaited, command, count);
        }
        else if (requester is not null)
        {
            _replies.Add(requester, failed ?? (command is Aio.ReadInto into
                ? new Aio.ReadIntoCompleted(into, count)
                : new Aio.ReadVCompleted((Aio.ReadV)command, count)));
        }
    }

    private static Aio.CommandFailed? CopyToDestination(Operation operation, Aio.TransferCommand command, int count)
    {
        try
        {
            var bytes = operation.Buffer!.UncheckedSpan(operation.Head, count);
            if (command is Aio.ReadInto into)
            {
                bytes.CopyTo(into.Destination.Span);
            }
            else
            {
                Scatter(bytes, ((Aio.ReadV)command).Destinations.Span);
            }

            return null;
        }
        catch (Exception e) // the destination's own code: disposed, or a MemoryManager of the user's that throws
        {
            return new Aio.CommandFailed(
                command, new AioBufferDisposedException(command.Name, command.File.Path, e), AioOutcome.NotPerformed);
        }
    }

    private static void Scatter(ReadOnlySpan<byte> bytes, ReadOnlySpan<Memory<byte>> destinations)
    {
        foreach (var destination in destinations)
        {
            var part = bytes[..Math.Min(bytes.Length, destination.Length)];
            if (!part.IsEmpty)
            {
                part.CopyTo(destination.Span);
                bytes = bytes[part.Length..];
            }
        }
    }

    // What was asked for of what was read: the range was widened to the alignment, and may have met the file's end.
    private static int CountOf(Operation operation, int length)
    {
        var count = Math.Clamp(operation.Done - operation.Head, 0, length);
        return operation.File.Extent.HasGrown
            ? (int)Math.Min(count, Math.Max(0, operation.ReadableEnd - operation.Start - operation.Head))
            : count;
    }

    // A short read has met the end of the file, or the most that the file system returns in one call. True for the first.
    private static bool IsEnd(Operation operation) =>
        operation.Done % operation.File.OffsetAlignment != 0 || operation.Start + operation.Done == operation.File.Extent.Length;

    // A read that our knowledge cuts short; a write that may have been cut off.
    private static bool MustLook(Operation operation)
    {
        var command = operation.Transfer;
        var end = command.Offset + command.Length;
        var extent = operation.File.Extent;
        return operation.IsWrite
            ? !extent.Written(end, operation.Cuts)
            : Math.Min(end, operation.Start + operation.Done) > operation.ReadableEnd && extent.HasGrown;
    }

    // Not what is wrong with the write itself: the kernel says so before it writes anything, and fsync never does.
    private static bool MayReportLoss(Errno errno) =>
        errno is not (Errno.EINVAL or Errno.EBADF or Errno.EFAULT or Errno.EFBIG or Errno.EAGAIN or Errno.EOPNOTSUPP);
}
