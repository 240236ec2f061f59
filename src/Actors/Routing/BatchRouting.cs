using Akka.Actor;
using AkkaAio.Shards;

namespace AkkaAio.Routing;

/// <summary>Takes an <see cref="Aio.Batch"/> apart on the caller's thread: for each shard one message.</summary>
internal static class BatchRouting
{
    /// <summary>Tells the commands of a batch in their order, and runs of transfers between two barriers shard by shard.</summary>
    public static void Route(Aio.Batch batch, AioRef aio, AioExt ext, IActorRef? sender)
    {
        var commands = batch.Commands;
        var start = 0;
        for (var i = 0; i < commands.Length; i++)
        {
            // Transfers have no order among themselves; everything else has its place between them.
            var command = commands.Span[i];
            if (command is not Aio.TransferCommand || command.File.Aio != ext || ext.Refuses)
            {
                TellTransfers(commands[start..i], ext, sender);
                aio.Tell(command, sender);
                start = i + 1;
            }
        }

        TellTransfers(commands[start..], ext, sender);
    }

    private static void TellTransfers(ReadOnlyMemory<Aio.FileCommand> transfers, AioExt ext, IActorRef? sender)
    {
        if (transfers.IsEmpty)
        {
            return;
        }

        var first = ShardOf(transfers.Span[0]);
        var count = CountOf(transfers.Span, first);
        if (count == transfers.Length)
        {
            first.Tell(new ShardBatch(transfers), sender);
            return;
        }

        foreach (var shard in ext.Shards)
        {
            count = CountOf(transfers.Span, shard);
            if (count > 0)
            {
                shard.Tell(new ShardBatch(PartOf(transfers.Span, shard, count)), sender);
            }
        }
    }

    private static int CountOf(ReadOnlySpan<Aio.FileCommand> transfers, Shard shard)
    {
        var count = 0;
        foreach (var transfer in transfers)
        {
            count += ShardOf(transfer) == shard ? 1 : 0;
        }

        return count;
    }

    private static Aio.FileCommand[] PartOf(ReadOnlySpan<Aio.FileCommand> transfers, Shard shard, int count)
    {
        var part = new Aio.FileCommand[count];
        var next = 0;
        foreach (var transfer in transfers)
        {
            if (ShardOf(transfer) == shard)
            {
                part[next++] = transfer;
            }
        }

        return part;
    }

    private static Shard ShardOf(Aio.FileCommand transfer) =>
        transfer.File.LaneAt(((Aio.TransferCommand)transfer).Offset).Shard;
}
