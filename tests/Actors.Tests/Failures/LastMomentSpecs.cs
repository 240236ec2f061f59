using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

[Collection(MachineCollection.Name)]
public sealed class LastMomentSpecs(ITestOutputHelper output) : LastMomentSpecsBase("", output);

[Collection(MachineCollection.Name)]
public sealed class LastMomentWithoutCoordinationSpecs(ITestOutputHelper output)
    : LastMomentSpecsBase("akka.coordinated-shutdown.run-by-actor-system-terminate = off", output);

/// <summary>Commands that are told while the system ends, from several threads, to its last moment and after it: one reply each.</summary>
public abstract class LastMomentSpecsBase(string hocon, ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    private const int Systems = 12;

    // More would only make mailboxes longer, which the end has to wait for.
    private const int MostUnanswered = 1_000;

    [Fact]
    public async Task Every_command_has_one_reply()
    {
        for (var round = 0; round < Systems; round++)
        {
            var engine = new MemoryEngine();
            var system = ActorSystem.Create($"last-{round}", SetupOf(EngineKind.Memory, engine, hocon));
            var aio = AioExt.Get(system);
            var file = await aio.OpenAsync("/memory/f", New with { PreallocationSize = 4 * Block });
            var isOver = false;
            var tellers = Enumerable.Range(0, 3).Select(teller => Task.Run(() =>
            {
                var counter = new Counter(system);
                for (var i = 0; !Volatile.Read(ref isOver) || i % 8 != 0; i++)
                {
                    counter.Told++;
                    aio.Ref.Tell(CommandOf(file, i % 8), counter);
                    if (counter.Told - counter.Answered > MostUnanswered)
                    {
                        Thread.Yield();
                    }
                }

                return counter;
            })).ToArray();
            try
            {
                await system.Terminate().WaitAsync(Patience.Long);
            }
            finally
            {
                Volatile.Write(ref isOver, true);
            }

            foreach (var counter in await Task.WhenAll(tellers).WaitAsync(Patience.Long))
            {
                await Eventually(() => counter.Answered >= counter.Told, $"{counter.Answered} of {counter.Told} replies in round {round}");
                Assert.Equal(counter.Told, counter.Answered);
            }
        }
    }

    private static Aio.Command CommandOf(AioFile file, int kind) => kind switch
    {
        0 => new Aio.ReadInto(file, new byte[1], 0),
        1 => new Aio.Cancel(new Aio.Flush(file)),
        2 => new Aio.Flush(file),
        3 => new Aio.GetStats(),
        _ => new Aio.AwaitRoom(file), // which nothing delays
    };

    private sealed class Counter(ActorSystem system) : MinimalActorRef
    {
        private long _answered;

        public long Told { get; set; }

        public long Answered => Volatile.Read(ref _answered);

        public override ActorPath Path { get; } = new RootActorPath(system.Provider().DefaultAddress()) / "counter";

        public override IActorRefProvider Provider => system.Provider();

        protected override void TellInternal(object message, IActorRef sender) => Interlocked.Increment(ref _answered);
    }
}
