using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>
/// A shard that throws answers each command that it has accepted once, wherever it had got to.
/// </summary>
public sealed class CommandInHandSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio { depth = 4, submit-batch-size = 4, reap.thread = own }", output)
{
    // Of the shard, in ShardLoop: after this many messages it has a turn though more wait.
    private const int MessagesBetweenTurns = 64;

    [Fact]
    public async Task Commands_that_are_staged_queued_or_in_the_mailbox_when_a_submit_throws_have_one_reply_each()
    {
        var file = await NewFile(4 * Block);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        var held = Replies.Tell(new Aio.ReadInto(file, new byte[2 * Block], 0));
        await Eventually(() => Ext.Shards[0].Context is { Count: 1 }, "one is in flight");

        using var stop = new Stop(this, file);
        var staged = Enumerable.Range(0, 3).Select(_ => Read(file)).ToArray();
        var behind = Enumerable.Range(0, 2 * MessagesBetweenTurns).Select(_ => Read(file)).ToArray();
        var bombs = 1;
        Engine.OnSubmit = _ => Interlocked.Exchange(ref bombs, 0) == 1 ? throw new InvalidOperationException("bomb") : default;
        stop.Go();
        Engine.Release();

        await Replies.AssertOneEach([held, stop.Command, .. staged, .. behind]);
        Assert.IsType<AioAbortedException>((await Replies.Of<Aio.CommandFailed>(staged[0])).Cause);
        await Replies.Do<Aio.Closed>(new Aio.Close(file)); // nothing is counted as under way
    }

    [Fact]
    public async Task What_was_refused_before_a_later_call_of_the_same_submit_throws_is_not_the_kernels()
    {
        var file = await NewFile(4 * Block);
        using var stop = new Stop(this, file);
        var reads = Enumerable.Range(0, 4).Select(_ => Read(file)).ToArray();
        var calls = 0;
        Engine.OnSubmit = _ => Interlocked.Increment(ref calls) switch
        {
            1 => new SubmitFault { Error = Errno.EINVAL },
            2 => throw new InvalidOperationException("bomb"),
            _ => default,
        };
        stop.Go();
        await Replies.AssertOneEach([stop.Command, .. reads]);
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        await Eventually(() => Ext.OpenFiles == 0, "its descriptor is closed: nothing of it is in the kernel");
    }

    private Aio.ReadInto Read(AioFile file) => Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));

    /// <summary>A command that is refused at once, and whose reply stops the shard's thread until it may go.</summary>
    private sealed class Stop : IDisposable
    {
        private readonly ManualResetEventSlim _go = new();

        public Stop(CommandInHandSpecs specs, AioFile file)
        {
            Command = new Aio.RentRead(file, -1, 1);
            var before = specs.Replies.OnReply;
            specs.Replies.OnReply = reply =>
            {
                before?.Invoke(reply);
                if (reply.Command == Command)
                {
                    _go.Wait(Patience.Long);
                }
            };
            specs.Replies.Tell(Command);
        }

        public Aio.RentRead Command { get; }

        public void Go() => _go.Set();

        public void Dispose() => _go.Set();
    }
}
