using Akka.Actor;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Telemetry;

namespace AkkaAio.Shards;

/// <summary>
/// A child of the manager beside the shards, which is stopped when they are: bounds their end. A shard whose thread is inside io_submit at
/// the drain deadline is abandoned, because Akka waits for that thread and a frozen file system keeps it as long as it likes.
/// </summary>
internal sealed class EndGuard(AioExt aio) : UntypedActor
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    // An io_submit that is under way at the deadline and takes less than this is not stuck.
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMilliseconds(100);

    // After the deadline. A shard that has neither ended nor is stuck by then never started, or a requester's Tell keeps its thread.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly ILoggingAdapter _log = new SafeLog(Context.GetLogger());

    protected override void OnReceive(object message) => Unhandled(message);

    /// <summary>Watches from a thread of its own: neither this actor nor the manager waits for it.</summary>
    protected override void PostStop()
    {
        var deadline = aio.BeginEnd();
        OwnThread.Run("akka-aio-end", () => Watch(deadline));
    }

    private void Watch(Deadline deadline)
    {
        while (!aio.Shards.All(shard => shard.HasEnded) && deadline.Remaining > -Grace)
        {
            aio.AwaitShardEnd(deadline.Remaining is { } left && left > LookEvery ? left : LookEvery);
            foreach (var shard in deadline.Remaining > TimeSpan.Zero ? [] : aio.Shards)
            {
                if (!shard.HasEnded && shard.Gate.TryVisit(StuckAfter))
                {
                    _log.Error(
                        "Shard {ShardId} is stuck inside io_submit (a frozen or unreachable file system?) and is abandoned after {Time}",
                        shard.Index, aio.Settings.DrainTimeout);
                    OwnThread.Run("akka-aio-end", shard.Loop.Stuck.Abandon); // side by side
                }
            }
        }
    }
}
