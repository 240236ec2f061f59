using Akka.Actor;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using AkkaAio.Dispatch;
using AkkaAio.Routing;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Dispatch;

/// <summary>What we use of Akka without its promise. Where one fails after an upgrade of Akka, its name says what of ours breaks.</summary>
public sealed class AkkaInternalsSpecs(ITestOutputHelper output) : Akka.TestKit.Xunit2.TestKit("akka.loglevel = WARNING", output: output)
{
    [Fact]
    public async Task A_visitor_of_a_stuck_shard_finds_the_messages_that_wait_in_its_mailbox()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Waiting()));
        var waiting = await actor.Ask<Waiting>("self", Patience.Long);
        actor.Tell("block", TestActor);
        ExpectMsg("blocked", Patience.Long);
        Assert.False(AkkaInternals.MessagesOf(waiting.Cell).HasMessages);
        Assert.False(AkkaInternals.HasMessages(waiting.Cell));
        actor.Tell("waits", TestActor);
        Assert.True(AkkaInternals.HasMessages(waiting.Cell));
        Assert.True(AkkaInternals.MessagesOf(waiting.Cell).TryDequeue(out var envelope));
        Assert.Equal(("waits", TestActor), (envelope.Message, envelope.Sender));
        waiting.Blocked.Set();
    }

    [Fact]
    public async Task The_owner_of_a_file_is_an_actor_and_not_the_temporary_ref_of_an_Ask()
    {
        Assert.Same(TestActor, AkkaInternals.AsLocalActor(TestActor));
        Assert.Null(AkkaInternals.AsLocalActor(ActorRefs.NoSender));
        var actor = Sys.ActorOf(Props.Create(() => new Waiting()));
        Assert.Null(AkkaInternals.AsLocalActor(await actor.Ask<IActorRef>("sender", Patience.Long)));
    }

    [Fact]
    public async Task A_buffer_for_a_requester_that_has_ended_is_seen_to_be_lost()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Waiting()));
        Assert.False(AkkaInternals.IsGone(actor));
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor, Patience.Long);
        await AwaitAssertAsync(() => Assert.True(AkkaInternals.IsGone(actor)));
    }

    [Fact]
    public void A_watch_of_a_guarding_ref_reaches_the_actor_and_nothing_else_does()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Waiting()));
        Assert.Equal("/user", $"/{AkkaInternals.ParentOf(actor).Path.Name}");
        AkkaInternals.ForwardDeathWatch(new Terminate(), actor);
        AkkaInternals.ForwardDeathWatch(new Suspend(), actor);
        Watch(new GuardedRef(Sys, actor));
        actor.Tell("echo", TestActor);
        ExpectMsg("echo", Patience.Long);
        Sys.Stop(actor);
        ExpectTerminated(actor, Patience.Long);
    }

    [Fact]
    public void The_manager_is_told_of_a_shard_that_cannot_end_itself()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Waiting()));
        Watch(actor);
        AkkaInternals.TellTerminated(TestActor, actor);
        ExpectTerminated(actor, Patience.Long);
    }

    [Fact]
    public void What_is_told_to_an_abandoned_shard_becomes_a_dead_letter()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Akka.Event.DeadLetter));
        AkkaInternals.DeadLettersOf((ExtendedActorSystem)Sys).Enqueue(TestActor, new Envelope("lost", TestActor));
        Assert.Equal("lost", ExpectMsg<Akka.Event.DeadLetter>(Patience.Long).Message);
    }

    [Fact]
    public async Task A_turn_of_an_actor_is_told_from_a_call_by_the_blocking_executor()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Waiting()));
        var waiting = await actor.Ask<Waiting>("self", Patience.Long);
        Assert.True(AkkaInternals.IsTurn((IRunnable)waiting.Cell.Mailbox!));
        Assert.False(AkkaInternals.IsTurn(new ActionRunnable(() => { })));
    }

    private sealed class Waiting : UntypedActor
    {
        public ActorCell Cell { get; } = AkkaInternals.CellOf(Context);

        public ManualResetEventSlim Blocked { get; } = new();

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "self":
                    Sender.Tell(this);
                    break;
                case "sender":
                    Sender.Tell(Sender);
                    break;
                case "block":
                    Sender.Tell("blocked");
                    Blocked.Wait(Patience.Long);
                    break;
                default:
                    Sender.Tell(message);
                    break;
            }
        }

        protected override void PostStop() => Blocked.Dispose();
    }
}
