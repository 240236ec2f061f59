using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Dispatch;
using AkkaAio.Routing;
using AkkaAio.Shards;

namespace AkkaAio.Files;

/// <summary>
/// A read of a buffered file that the page cache can answer: done at once by the caller, who would else wait for a copy that another thread
/// makes. Nothing here waits for a device (RWF_NOWAIT).
/// </summary>
internal static class CachedRead
{
    /// <summary>
    /// Answers a command on the thread that tells it. False: nothing has been done but a look (<see cref="Aio.TransferCommand.IsLookedFor"/>).
    /// </summary>
    public static bool TryAnswer(Aio.TransferCommand command, IActorRef? requester)
    {
        // Actors alone: their reply goes to a mailbox. A ref of somebody's own may run his code in its Tell, which may tell the next command:
        // with each answered inside the one before, that would end in a stack overflow. And a full mailbox makes its sender wait for the
        // actor, which here would be this very thread.
        if (command.File.IsDirect ||
            requester is not ActorRefWithCell { Underlying: ActorCell { Mailbox.MessageQueue: not IBoundedMessageQueueSemantics } })
        {
            return false;
        }

        Aio.Event? reply = command switch
        {
            Aio.ReadInto read => TryRead(read.File, read.Offset, read.Destination, out var count)
                ? new Aio.ReadIntoCompleted(read, count)
                : null,
            Aio.Read read => TryRead(read.File, read.Offset, read.Length, read) is { } buffer ? new Aio.ReadCompleted(read, buffer) : null,
            _ => null,
        };
        if (reply is null)
        {
            command.IsLookedFor = command is Aio.Read or Aio.ReadInto;
            return false;
        }

        requester.Reply(reply, command.File.LaneAt(command.Offset).Shard.Sender, command.File.Aio.Log);
        return true;
    }

    /// <summary>False: nothing has been done, and the command's own way does it, or says why not.</summary>
    public static bool TryRead(AioFile file, long offset, Memory<byte> destination, out int count)
    {
        count = 0;
        if (!MayBeCached(file, offset, destination.Length))
        {
            return false;
        }

        // As an operation does: the owner may dispose it meanwhile.
        var isAioBuffer = MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(destination, out var buffer, out _, out _);
        if (isAioBuffer && !buffer!.TryAddReference())
        {
            return false;
        }

        try
        {
            return TryRead(file, offset, destination.Span, out count);
        }
        catch (Exception) // the memory's own code: the command's reply says it in words
        {
            return false;
        }
        finally
        {
            buffer?.Release();
        }
    }

    /// <summary>As the other, into a buffer of the pool; null: not done.</summary>
    public static AioBuffer? TryRead(AioFile file, long offset, int length, object origin)
    {
        if (!MayBeCached(file, offset, length))
        {
            return null;
        }

        AioBuffer? buffer = null;
        try
        {
            buffer = file.Aio.Pool.TryRent(length, origin);
            if (buffer is not null && TryRead(file, offset, buffer.GetSpan(), out var count))
            {
                buffer.Slice(0, count);
                return buffer;
            }
        }
        catch (Exception) // the pool has ended with its system: the command's reply says it in words
        {
            // As a miss.
        }

        buffer?.Dispose();
        return null;
    }

    private static bool MayBeCached(AioFile file, long offset, int length) =>
        !file.IsDirect && file.Handle.LooksIntoPageCache && offset >= 0 && length is > 0 and <= Operation.MaxCachedRead && !file.Aio.Refuses;

    private static bool TryRead(AioFile file, long offset, Span<byte> destination, out int count)
    {
        count = 0;
        var entered = file.Reads.TryEnter();
        if (entered < 0)
        {
            return false; // a barrier is on its way, or the file is closed
        }

        bool hit;
        var end = file.Extent.Length; // in here: a cut behind us would make zeros data
        try
        {
            hit = file.Handle.TryReadCached(destination, offset, out count);
        }
        finally
        {
            file.Reads.Leave(entered);
        }

        if (hit && offset + count > end && file.Extent.HasGrown)
        {
            return false; // others' data, or none: that takes a look at the file
        }

        file.HomeShard.Counters.OfCallers.Read(hit, count);
        return hit;
    }
}
