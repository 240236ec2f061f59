using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>Shards that are killed and systems that end while threads of the engine thread-pool have operations of theirs.</summary>
[Collection(MachineCollection.Name)]
public sealed class KilledThreadPoolSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.ThreadPool, "", output)
{
    private const int Blocks = 64;

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Each_command_gets_one_reply_and_no_thread_stays(int shards)
    {
        // One file for all rounds: the room for twelve is not always there.
        var path = NewPath();
        await File.WriteAllBytesAsync(path, new byte[Blocks * Block]);
        for (var round = 0; round < 12; round++)
        {
            var system = ActorSystem.Create("killed", SetupOf(
                EngineKind.ThreadPool, new MemoryEngine(),
                $"akka.io.aio {{ shards = {shards}, depth = {(round % 2 == 0 ? 4 : 64)} }}"));
            var ext = AioExt.Get(system);
            var direct = round % 3 == 0 ? DirectIo.Off : DirectIo.Required;
            var file = await ext.OpenAsync(path, New with { Mode = FileMode.Open, Direct = direct });
            using var stop = new CancellationTokenSource();
            var alone = new Exclusive();
            List<Task> all = [];
            using var replies = new SemaphoreSlim(0);
            for (var i = 0; i < 6; i++)
            {
                // Four on the shard's own dispatcher, two outside.
                var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                all.Add(ended.Task);
                var isOnShard = i < 4;
                var isWith = isOnShard ? alone : new Exclusive();
                var (token, seed) = (stop.Token, (round * 6) + i);
                var props = Props.Create(() => new Requester(file, new Random(seed), isWith, () => replies.Release(), ended, token));
                system.ActorOf(isOnShard ? props.WithDispatcher(file.ShardDispatcher) : props);
            }

            for (var kill = 0; kill < 3; kill++)
            {
                for (var i = 0; i < 50 * (kill + 1); i++)
                {
                    Assert.True(await replies.WaitAsync(Patience.Long));
                }

                file.Shard.Tell(Kill.Instance); // wherever they are
            }

            if (round % 2 == 0)
            {
                await stop.CancelAsync();
                await Task.WhenAll(all).WaitAsync(Patience.Long);
                await file.DisposeAsync();
            }

            Assert.Equal(0, alone.Met);
            await system.Terminate().WaitAsync(Patience.Long);
            await Eventually(
                () => ProcessState.ThreadsNamed("akka-aio-io").Count == 0 && ProcessState.ThreadsNamed("akka.io.aio.sha").Count == 0,
                $"threads: {string.Join(", ", ProcessState.ThreadNames)}");
            Assert.Equal(0, ext.Pool.RentedBuffers);
        }
    }

    /// <summary>Keeps eight commands of all kinds outstanding, and knows which.</summary>
    private sealed class Requester : UntypedActor
    {
        private readonly AioFile _file;
        private readonly Random _random;
        private readonly Exclusive _alone;
        private readonly Action _onReply;
        private readonly TaskCompletionSource _ended;
        private readonly CancellationToken _stop;
        private readonly HashSet<object> _outstanding = new(ReferenceEqualityComparer.Instance);

        public Requester(
            AioFile file, Random random, Exclusive alone, Action onReply, TaskCompletionSource ended, CancellationToken stop) =>
            (_file, _random, _alone, _onReply, _ended, _stop) = (file, random, alone, onReply, ended, stop);

        protected override void PreStart()
        {
            for (var i = 0; i < 8; i++)
            {
                TellNext();
            }
        }

        protected override void OnReceive(object message) => _alone.Do(() => OnReply((Aio.Event)message));

        private void OnReply(Aio.Event reply)
        {
            if (!_outstanding.Remove(reply.Command))
            {
                _ended.TrySetException(new InvalidOperationException($"a second reply: {reply}"));
            }

            if (reply is Aio.RentReadCompleted read)
            {
                read.Buffer.Dispose();
            }
            else if (reply is Aio.CommandFailed
            {
                Cause: not (AioAbortedException or AioUnavailableException or AioClosedException),
            } failed)
            {
                _ended.TrySetException(failed.Cause);
            }

            if (!_stop.IsCancellationRequested)
            {
                _onReply();
                TellNext();
            }
            else if (_outstanding.Count == 0)
            {
                _ended.TrySetResult();
            }
        }

        private void TellNext()
        {
            var offset = _random.Next(Blocks) * Block;
            Aio.FileCommand command = _random.Next(20) switch
            {
                0 => new Aio.Flush(_file),
                < 8 => new Aio.Write(_file, new byte[Block], offset),
                < 14 => new Aio.ReadInto(_file, new byte[Block], offset),
                _ => new Aio.RentRead(_file, offset, 100),
            };
            _outstanding.Add(command);
            Context.System.Aio().Tell(command);
        }
    }
}
