using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Buffered;

/// <summary>A full mailbox makes the teller wait for its actor: never the actor for itself.</summary>
public sealed class BoundedMailboxSpecs(ITestOutputHelper output) : AioTestKit(
    EngineKind.Memory,
    """
    small-mailbox { mailbox-type = "Akka.Dispatch.BoundedMailbox, Akka", mailbox-capacity = 1, mailbox-push-timeout-time = 60s }
    """,
    output)
{
    [Fact]
    public async Task An_actor_whose_mailbox_is_full_is_not_held_up_by_its_own_read()
    {
        var file = await FileOf(Pattern(Block), DirectIo.Off);
        Engine.IsCached = _ => true;
        using var begun = new ManualResetEventSlim();
        using var full = new ManualResetEventSlim();
        var replied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Sys.ActorOf(Props.Create(() => new Reader(file, begun, full, replied)).WithMailbox("small-mailbox"));
        actor.Tell("go");
        Assert.True(begun.Wait(Patience.Long));
        actor.Tell("waits"); // its mailbox is full now
        full.Set();
        await replied.Task.WaitAsync(Patience.Long); // far below what a full mailbox makes one wait
    }

    private sealed class Reader(AioFile file, ManualResetEventSlim begun, ManualResetEventSlim full, TaskCompletionSource replied)
        : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "go":
                    begun.Set();
                    full.Wait(Patience.Long);
                    Context.System.Aio().Tell(new Aio.ReadInto(file, new byte[10], 0));
                    break;
                case Aio.ReadIntoCompleted:
                    replied.SetResult();
                    break;
                default:
                    break;
            }
        }
    }
}
