using Akka.Actor;
using Akka.Event;

namespace AkkaAio.Routing;

/// <summary>How every reply to a requester is told.</summary>
internal static class ReplyExtensions
{
    /// <summary>
    /// Tells a reply. A ref may have code of its own that throws: that is between it and its user, and must neither restart a shard, whose
    /// other requesters would lose their commands, nor stop a reaper. What the reply carries is left to the ref that took it.
    /// </summary>
    public static void Reply(this IActorRef requester, Aio.Event reply, IActorRef? sender, ILoggingAdapter log)
    {
        try
        {
            requester.Tell(reply, sender);
        }
        catch (Exception e)
        {
            log.Error(e, "{0} could not be delivered to {1}", reply.GetType().Name, NameOf(requester));
        }
    }

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
