using Akka.Actor;
using AkkaAio.Files;
using AkkaAio.Interop.Abi;
using AkkaAio.Routing;
using AkkaAio.Tasks;

namespace AkkaAio.Shards;

/// <summary>What became of a slot's operation.</summary>
internal enum Settled
{
    /// <summary>It has its reply.</summary>
    Answered,

    /// <summary>A part is done; the rest must be submitted.</summary>
    Continue,
}

/// <summary>
/// Turns the result of an operation into its reply. Runs on the reaper for what the kernel did, on the shard for what a blocking thread
/// did.
/// </summary>
internal static partial class Settlement
{
    // A device that goes on cutting writes short would keep the slot busy for ever.
    private const int MaxShortWrites = 8;

    /// <summary>
    /// Replies to the slot's requester, unless a part is still to be done. The slot's memory is given back or handed to the requester.
    /// </summary>
    /// <param name="slot">A read or write; never an fdatasync, whose flushes the shard answers.</param>
    /// <param name="result">Bytes moved by the last kernel operation, or a negated errno.</param>
    /// <param name="shard">The Sender of the reply.</param>
    /// <param name="counters">The figures of the thread that this runs on.</param>
    public static Settled Settle(Slot slot, long result, IActorRef shard, ShardCounters.Answered counters)
    {
        var looked = slot.MustLook;
        slot.MustLook = false;
        slot.HasLooked |= looked;
        if (result < 0)
        {
            if ((slot.Flags & RwFlags.DSync) != 0 && MayReportLoss((Errno)(-result)))
            {
                slot.Lane.File.Home.StickFlushError(ErrorOf(slot, (Errno)(-result)));
            }

            counters.Fail(slot.Opcode, (Errno)(-result));
            Fail(slot, ErrorOf(slot, (Errno)(-result)), shard, OutcomeOf(slot));
            return Settled.Answered;
        }

        var asked = slot.NextLength;
        slot.Done += (int)result;
        if (slot.Done < slot.Total)
        {
            if (result == asked)
            {
                return Settled.Continue; // longer than one kernel operation
            }

            if (slot.IsWrite)
            {
                return ContinueShortWrite(slot, shard, counters);
            }

            if (result > 0 && !IsEnd(slot))
            {
                return Settled.Continue; // short in the middle
            }
        }

        if (!slot.HasLooked && MustLook(slot))
        {
            slot.MustLook = true;
            return Settled.Continue;
        }

        var lane = slot.Lane;
        var wasCutOff = slot is { IsWrite: true, HasLooked: true };
        Succeed(slot, shard, counters);
        if (wasCutOff)
        {
            TellOfTail(lane); // it may have been cut off, and what the file was made longer by for it is nobody's
        }

        return Settled.Answered;
    }

    /// <summary>Replies that the slot's operation failed, and gives its memory back.</summary>
    public static void Fail(Slot slot, Exception cause, IActorRef shard, AioOutcome outcome)
    {
        var (command, lane) = (slot.Command!, slot.Lane);
        var extent = command.File.Extent;
        if (slot is { IsWrite: true, Done: > 0 })
        {
            extent.Written(command.Offset + slot.Done, slot.Cuts);
        }

        slot.TakeRequester()?.Reply(new Aio.CommandFailed(command, cause, outcome), shard, command.File.Aio.Log);
        slot.ReleaseMemory();
        if (command.IsWrite)
        {
            TellOfTail(lane);
        }
    }

    private static void TellOfTail(FileLane lane)
    {
        if (lane.File.Extent is { HasGrown: true } extent && extent.AllocatedEnd > extent.Length)
        {
            foreach (var each in lane.File.Lanes)
            {
                each.Shard.Tell(new TailUnwanted(each), ActorRefs.NoSender);
            }
        }
    }

    /// <summary>Of an operation that the kernel had: a read changes nothing, a write may have been done, whole or in part.</summary>
    public static AioOutcome OutcomeOf(Slot slot) => slot.IsWrite ? AioOutcome.MayHaveHappened : AioOutcome.NotPerformed;

    /// <summary>The typed exception for an errno, with what had been written before it.</summary>
    public static Exception ErrorOf(Slot slot, Errno errno)
    {
        var command = slot.Command!;
        var error = new AioSystemException(errno, command.Name, command.File.Path, command.Offset, command.Length);
        return slot.IsWrite && slot.Done > 0
            ? new AioShortWriteException(command.File.Path, command.Offset, command.Length, slot.Done, error)
            : error;
    }

    private static Settled ContinueShortWrite(Slot slot, IActorRef shard, ShardCounters.Answered counters)
    {
        var command = slot.Command!;
        if (++slot.ShortWrites > MaxShortWrites)
        {
            counters.Fail(slot.Opcode, Errno.EIO); // what the kernel should have said
            Fail(slot, new AioShortWriteException(command.File.Path, command.Offset, command.Length, slot.Done), shard,
                AioOutcome.MayHaveHappened);
            return Settled.Answered;
        }

        // Direct I/O goes on at an aligned offset, which may write some bytes once more.
        slot.Done -= slot.Done % command.File.OffsetAlignment;
        return Settled.Continue;
    }

    private static void Succeed(Slot slot, IActorRef shard, ShardCounters.Answered counters)
    {
        switch (slot.Command)
        {
            case Aio.ReadInto readInto:
                SucceedReadInto(slot, readInto, shard, counters);
                break;
            case Aio.Write write:
                SucceedWrite(slot, write, shard, counters);
                break;
            case Aio.Read read:
                SucceedRead(slot, read, shard, counters);
                break;
            case Aio.ReadV readV:
                SucceedReadV(slot, readV, shard, counters);
                break;
            case Aio.WriteV writeV:
                SucceedWrite(slot, writeV, shard, counters);
                break;
            default:
                throw new InvalidOperationException($"a slot holds {slot.Command}");
        }
    }

    private static void SucceedWrite(Slot slot, Aio.TransferCommand command, IActorRef shard, ShardCounters.Answered counters)
    {
        counters.Writes++;
        counters.WrittenBytes += command.Length;
        if ((slot.Flags & RwFlags.DSync) != 0)
        {
            command.File.Extent.Flushed();
        }

        slot.ReleaseMemory();
        var requester = slot.TakeRequester();
        if (requester is AioOperation awaited)
        {
            awaited.Complete(command, command.Length);
        }
        else
        {
            requester?.Reply(
                command is Aio.Write write ? new Aio.WriteCompleted(write) : new Aio.WriteVCompleted((Aio.WriteV)command), shard,
                command.File.Aio.Log);
        }
    }

    private static void SucceedRead(Slot slot, Aio.Read read, IActorRef shard, ShardCounters.Answered counters)
    {
        var count = CountOf(slot, read.Length);
        counters.Reads++;
        counters.ReadBytes += count;
        var buffer = slot.Buffer!;
        slot.Buffer = null;
        if (slot.TakeRequester() is { } requester)
        {
            buffer.Slice(slot.Head, count);
            requester.Reply(new Aio.ReadCompleted(read, buffer), shard, read.File.Aio.Log);
        }
        else
        {
            buffer.Release();
        }
    }

    private static void SucceedReadInto(Slot slot, Aio.ReadInto read, IActorRef shard, ShardCounters.Answered counters)
    {
        var count = CountOf(slot, read.Length);
        counters.Reads++;
        counters.ReadBytes += count;
        var requester = slot.TakeRequester();
        Aio.CommandFailed? failed = null;
        try
        {
            // After a Cancel the destination is its owner's again: not a byte may be copied there.
            if (slot.IsBounce && requester is not null)
            {
                slot.Buffer!.UncheckedSpan(slot.Head, count).CopyTo(read.Destination.Span);
            }
        }
        catch (Exception e) // the destination's own code: disposed, or a MemoryManager of the user's that throws
        {
            failed = new Aio.CommandFailed(
                read, new AioBufferDisposedException(read.Name, read.File.Path, e), AioOutcome.NotPerformed);
        }

        slot.ReleaseMemory();
        if (failed is null && requester is AioOperation awaited)
        {
            awaited.Complete(read, count);
        }
        else
        {
            requester?.Reply(failed ?? (Aio.Event)new Aio.ReadIntoCompleted(read, count), shard, read.File.Aio.Log);
        }
    }

    // What was asked for of what was read: the range was widened to the alignment, and may have met the file's end.
    private static int CountOf(Slot slot, int length)
    {
        var count = Math.Clamp(slot.Done - slot.Head, 0, length);
        return slot.Lane.File.Extent.HasGrown
            ? (int)Math.Min(count, Math.Max(0, slot.ReadableEnd - slot.Start - slot.Head))
            : count;
    }

    // A short read has met the end of the file, or the most that the file system returns in one call. True for the first.
    private static bool IsEnd(Slot slot) =>
        slot.Done % slot.Lane.File.OffsetAlignment != 0 || slot.Start + slot.Done == slot.Lane.File.Extent.Length;

    // A read that our knowledge cuts short; a write that may have been cut off.
    private static bool MustLook(Slot slot)
    {
        var command = slot.Command!;
        var end = command.Offset + command.Length;
        return slot.IsWrite
            ? !command.File.Extent.Written(end, slot.Cuts)
            : Math.Min(end, slot.Start + slot.Done) > slot.ReadableEnd && command.File.Extent.HasGrown;
    }

    // Not what is wrong with the write itself: the kernel says so before it writes anything, and fsync never does.
    private static bool MayReportLoss(Errno errno) =>
        errno is not (Errno.EINVAL or Errno.EBADF or Errno.EFAULT or Errno.EFBIG or Errno.EAGAIN or Errno.EOPNOTSUPP);
}
