using Akka.Actor;

namespace AkkaAio.Shards;

/// <summary>
/// Cancel: answers every telling of a command that owes a reply, wherever it is, and takes out what waits. A command that was told more
/// than once owes a reply for each telling, and a Cancel ends them all.
/// </summary>
internal static class Cancellation
{
    public static void Cancel(ShardLoop loop, Aio.Cancel cancel, IActorRef requester)
    {
        loop.AssertHeld();
        var command = cancel.Command;
        var found = false;
        for (var telling = command.LastTelling; telling is not null;)
        {
            var earlier = telling.EarlierTelling;
            if (telling.TakeRequester() is { } waiting)
            {
                found = true;
                loop.Replies.Add(waiting, new Aio.CommandFailed(
                    command, new AioCanceledException(command.Name, command.File.Path), OutcomeOf(telling)));
                AcceptedList.Forget(telling);
                TakeOut(loop, telling);
            }

            telling = earlier;
        }

        loop.Replies.Add(requester, new Aio.Canceled(cancel, found));
    }

    private static AioOutcome OutcomeOf(Accepted telling) => telling switch
    {
        Operation { IsWaiting: true } or RoomWaiter => AioOutcome.NotPerformed,
        Operation operation => operation.Outcome,
        _ => AioOutcome.MayHaveHappened,
    };

    // A barrier's effect on its lanes stays. So does what the kernel has or will have: its memory comes back when the event has been
    // reaped.
    private static void TakeOut(ShardLoop loop, Accepted telling)
    {
        switch (telling)
        {
            case RoomWaiter waiter:
                waiter.List!.Remove(waiter);
                loop.Accepted.Remove(waiter);
                break;
            case Operation { IsWaiting: true } operation:
                if (operation.Place == Place.Growing)
                {
                    operation.Lane.GrowthsToTakeBack = 2; // the one that is running, and the next, which may be the one for this write
                }

                operation.MayLeaveTail = operation.IsWrite;
                loop.Admission.TakeOut(operation);
                loop.Finish(operation);
                break;
            default:
                break;
        }
    }
}
