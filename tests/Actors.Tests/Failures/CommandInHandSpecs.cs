using AkkaAio.Interop.Engines.Memory;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>
/// A shard that throws while it has a command in hand answers that command once, wherever it had got to. Its thread is stopped on the way,
/// and a second one goes on.
/// </summary>
public sealed class CommandInHandSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio { depth = 4, submit-batch-size = 4, reap.thread = own }", output)
{
    // Of the shard, in ContextActor: after so many queued commands it looks for free slots in between.
    private const int LookForSlotsEvery = 64;

    [Fact]
    public async Task A_command_that_is_queued_already_when_the_submit_of_others_throws_has_one_reply()
    {
        var file = await NewFile(4 * Block);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        var held = Replies.Tell(new Aio.ReadInto(file, 0, new byte[2 * Block]));
        await Eventually(() => Ext.Shards[0].InFlight is { Count: 1 }, "one is in flight");

        using var first = new Stop(this, file);
        var staged = Enumerable.Range(0, 3).Select(_ => Read(file)).ToArray();
        var queued = Enumerable.Range(0, LookForSlotsEvery).Select(_ => Read(file)).ToArray();
        using var second = new Stop(this, file);
        var inHand = Read(file);
        first.Go();
        second.AwaitReached();
        Engine.Release();
        await Eventually(() => Ext.Shards[0].InFlight is { Count: 0 }, "its slot is free");
        var bombs = 1;
        Engine.OnSubmit = _ => Interlocked.Exchange(ref bombs, 0) == 1 ? throw new InvalidOperationException("bomb") : default;
        second.Go();

        await Replies.AssertOneEach([held, first.Command, .. staged, .. queued, second.Command, inHand]);
        Assert.IsType<AioAbortedException>((await Replies.Of<Aio.CommandFailed>(inHand)).Cause);
        await Replies.Do<Aio.Closed>(new Aio.Close(file)); // nothing is counted as under way
    }

    private Aio.ReadInto Read(AioFile file) => Replies.Tell(new Aio.ReadInto(file, 0, new byte[Block]));

    /// <summary>A command that is refused at once, and whose reply stops the shard's thread until it may go.</summary>
    private sealed class Stop : IDisposable
    {
        private readonly ManualResetEventSlim _reached = new();
        private readonly ManualResetEventSlim _go = new();

        public Stop(CommandInHandSpecs specs, AioFile file)
        {
            Command = new Aio.Read(file, -1, 1);
            var before = specs.Replies.OnReply;
            specs.Replies.OnReply = reply =>
            {
                before?.Invoke(reply);
                if (reply.RepliesTo == Command)
                {
                    _reached.Set();
                    _go.Wait(Patience.Long);
                }
            };
            specs.Replies.Tell(Command);
        }

        public Aio.Read Command { get; }

        public void AwaitReached() => Assert.True(_reached.Wait(Patience.Long), "the shard has come to it");

        public void Go() => _go.Set();

        public void Dispose() => _go.Set();
    }
}
