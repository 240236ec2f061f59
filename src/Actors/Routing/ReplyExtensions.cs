using Akka.Actor;
using Akka.Event;
using AkkaAio.Dispatch;

namespace AkkaAio.Routing;

/// <summary>How every reply to a requester is told.</summary>
internal static class ReplyExtensions
{
    /// <summary>
    /// Tells a reply. A ref may have code of its own that throws: that is between it and its user, and must neither restart a shard, whose
    /// other requesters would lose their commands, nor stop a reaper. What the reply carries is left to the ref that took it;
    /// of an actor that has ended, or an Ask that is over, it is given back here too: another subscriber to dead letters may throw.
    /// </summary>
    public static void Reply(this IActorRef requester, Aio.Event reply, IActorRef? sender, ILoggingAdapter log)
    {
        var isLost = reply is Aio.RentReadCompleted or Aio.Opened && AkkaInternals.IsGone(requester);
        try
        {
            requester.Tell(MessageFor(requester, reply), sender);
        }
        catch (Exception e)
        {
            isLost |= IsAsk(requester);

            log.Error(e, "{Reply} could not be delivered to {Requester}", reply.GetType().Name, NameOf(requester));
        }

        if (isLost)
        {
            LostMessages.GiveBack(reply);
        }
    }

    // An Ask for one event, as Ask<Opened>, takes any other message for a mistake of its caller, and drops it; Akka's own message for a
    // failure makes it throw. An Ask<Event> or Ask<object> has the CommandFailed.
    private static object MessageFor(IActorRef requester, Aio.Event reply) =>
        reply is Aio.CommandFailed failed && IsAsk(requester) && !requester.GetType().GenericTypeArguments[0].IsInstanceOfType(reply)
            ? new Status.Failure(failed.Cause is AioException typed ? typed.ToBcl() : failed.Cause)
            : reply;

    // Its Tell throws nothing of its own: the Ask was over, and the reply has become a dead letter.
    private static bool IsAsk(IActorRef requester) =>
        requester.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(FutureActorRef<>);

    private static string NameOf(IActorRef requester)
    {
        try
        {
            return requester.Path.ToString();
        }
        catch (Exception) // that, too, is the ref's own code
        {
            return requester.GetType().Name;
        }
    }
}
