using Akka.Actor;
using AkkaAio.Routing;
using AkkaAio.Tasks;

namespace AkkaAio.Shards;

// The reply to a vectored read.
internal static partial class Settlement
{
    private static void SucceedReadV(Slot slot, Aio.ReadV read, IActorRef shard, ShardCounters.Answered counters)
    {
        var count = CountOf(slot, read.Length);
        counters.Reads++;
        counters.ReadBytes += count;
        var requester = slot.TakeRequester();
        Aio.CommandFailed? failed = null;
        try
        {
            // After a Cancel the destinations are their owner's again: not a byte may be copied there.
            if (slot.IsBounce && requester is not null)
            {
                Scatter(slot.Buffer!.UncheckedSpan(slot.Head, count), read.Destinations.Span);
            }
        }
        catch (Exception e) // the destinations' own code, as with one
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
            requester?.Reply(failed ?? (Aio.Event)new Aio.ReadVCompleted(read, count), shard, read.File.Aio.Log);
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
}
