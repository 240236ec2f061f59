using Akka.Actor;
using Akka.Event;
using AkkaAio.Files;
using AkkaAio.Shards;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>
/// A subscriber to dead letters that throws, and is asked before ours: what is told to a system that ends has its reply all the same, and a
/// reply that nobody takes gives back what it carries.
/// </summary>
public sealed class HostileDeadLetterSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "akka.loglevel = OFF", output)
{
    private const int Systems = 6;

    [Fact]
    public async Task Every_command_to_a_system_that_ends_has_one_reply()
    {
        var letters = 0;
        for (var round = 0; round < Systems; round++)
        {
            var system = ActorSystem.Create($"hostile-{round}", SetupOf(EngineKind.Memory, new MemoryEngine(), "akka.loglevel = OFF"));
            var hostile = new Hostile(system);
            var aio = AioExt.Get(system);
            var file = await aio.OpenAsync("/memory/f", New with { PreallocationSize = 4 * Block });
            var replies = new Replies(system);
            var isOver = false;
            var teller = Task.Run(() =>
            {
                var commands = new List<Aio.Command>();
                for (var i = 0; commands.Count < 20_000 && (!Volatile.Read(ref isOver) || i % 6 != 0); i++)
                {
                    Aio.Command command = (i % 6) switch
                    {
                        0 => new Aio.ReadInto(file, new byte[1], 0),
                        1 => new Aio.Cancel(new Aio.Flush(file)),
                        2 => new Aio.Flush(file),
                        3 => new Aio.GetStats(),
                        4 => new Aio.Open("/memory/none", new() { Mode = FileMode.Open }),
                        _ => new Aio.AwaitRoom(file),
                    };
                    commands.Add(replies.Tell(command));
                }

                return commands;
            });
            await system.Terminate().WaitAsync(Patience.Long);
            Volatile.Write(ref isOver, true);
            await replies.AssertOneEach(await teller.WaitAsync(Patience.Long));
            letters += hostile.Letters;
        }

        Assert.True(letters > 0); // else nothing has been tried
    }

    [Fact]
    public async Task A_reply_that_comes_too_late_gives_back_its_file_or_buffer()
    {
        var hostile = new Hostile(Sys);
        var file = await FileOf(Pattern(4 * Block));
        var stopped = CreateTestProbe();
        Sys.Stop(stopped.Ref);
        await Eventually(() => stopped.Ref is ActorRefWithCell { Underlying.IsTerminated: true }, "it has stopped");
        foreach (var requester in new[] { OfEndedAsk(), stopped.Ref })
        {
            Disk.Tell(new Aio.RentRead(file, 0, Block), requester);
            Disk.Tell(new Aio.Open(file.Path, new() { Owner = TestActor }), requester);
        }

        await Eventually(() => hostile.Letters == 4, "all four are lost");
        await Eventually(() => Ext.OpenFiles == 1 && Pool.RentedBuffers == 0, "what they carried is given back");
    }

    [Theory]
    [InlineData("open")]
    [InlineData("operation")]
    public async Task What_a_lost_message_closes_is_not_closed_on_the_thread_that_publishes_it(string kind)
    {
        var closer = new TaskCompletionSource<Thread>(TaskCreationOptions.RunContinuationsAsynchronously);
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "close")
            {
                closer.TrySetResult(Thread.CurrentThread);
            }

            return Errno.None;
        };
        var file = await NewFile(Block);
        object message = kind == "open"
            ? new OpenDone(new BlockingCommand(new Aio.Open(file.Path), ActorRefs.Nobody), file, Error: null)
            : new BlockingDone(new Operation { Lane = file.Lanes[0] }, Result: 0);
        Thread publisher = null!;
        await Task.Factory.StartNew(
            () =>
            {
                publisher = Thread.CurrentThread;
                Sys.EventStream.Publish(new DeadLetter(message, ActorRefs.Nobody, Ext.Shards[0].Ref));
            },
            TaskCreationOptions.LongRunning);
        Assert.NotEqual(publisher, await closer.Task.WaitAsync(Patience.Long));
        await Eventually(() => Ext.OpenFiles == 0, "it is closed");
    }

    private FutureActorRef<object> OfEndedAsk()
    {
        var ended = new TaskCompletionSource<object>();
        ended.SetException(new AskTimeoutException("it came too late"));
        _ = ended.Task.Exception;
        return new FutureActorRef<object>(ended, new RootActorPath(Sys.Provider().DefaultAddress()) / "temp" / "a", Sys.Provider());
    }

    /// <summary>Throws at whatever it is told.</summary>
    private sealed class Hostile : MinimalActorRef
    {
        private readonly ActorSystem _system;
        private int _letters;

        public Hostile(ActorSystem system)
        {
            _system = system;
            system.EventStream.Subscribe(this, typeof(DeadLetter));
        }

        public int Letters => Volatile.Read(ref _letters);

        public override ActorPath Path => new RootActorPath(_system.Provider().DefaultAddress()) / "hostile";

        public override IActorRefProvider Provider => _system.Provider();

        protected override void TellInternal(object message, IActorRef sender)
        {
            Interlocked.Increment(ref _letters);
            throw new InvalidOperationException("a subscriber's own trouble");
        }
    }
}
