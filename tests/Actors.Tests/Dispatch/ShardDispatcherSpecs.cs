using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Dispatch;

public sealed class ShardDispatcherSpecs(ITestOutputHelper output) : OneThreadSpecs(EngineKind.Memory, output)
{
    [Fact]
    public async Task A_requester_on_the_thread_survives_its_shards_restart()
    {
        var file = await FileOn(0);
        var before = await RunRequester(file, file.ShardDispatcher, operations: 100);
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
        var armed = 1;
        Engine.OnSubmit = _ => Interlocked.Exchange(ref armed, 0) == 1
            ? throw new InvalidOperationException("a bomb")
            : default;
        var struck = await RunRequester(file, file.ShardDispatcher, operations: 500);
        await ExpectMsgAsync<AioShardRestarted>();
        Assert.All(struck.Errors, error => Assert.IsType<AioAbortedException>(error));
        Assert.NotEmpty(struck.Errors);
        Assert.Equal(500, struck.Done + struck.Errors.Count);
        var after = await RunRequester(file, file.ShardDispatcher, operations: 500);
        Assert.Empty(after.Errors);
        Assert.Equal(before.Threads, after.Threads);
    }
}

public sealed class LinuxAioShardDispatcherSpecs(ITestOutputHelper output) : OneThreadSpecs(EngineKind.LinuxAio, output);

public sealed class ThreadPoolShardDispatcherSpecs(ITestOutputHelper output) : OneThreadSpecs(EngineKind.ThreadPool, output);

/// <summary>Where each shard has one thread.</summary>
public abstract class OneThreadSpecs(EngineKind kind, ITestOutputHelper output) : ShardDispatcherSpecsBase(kind, output)
{
    [SkippableFact]
    public async Task Replies_come_on_the_shards_own_thread_and_each_shard_has_one()
    {
        var threads = new HashSet<int>();
        for (var shard = 0; shard < 2; shard++)
        {
            var file = await FileOn(shard);
            var shared = await RunRequester(file, file.ShardDispatcher, operations: 200);
            var again = await RunRequester(file, Ext.ShardDispatcher(shard), operations: 200);
            Assert.Single(shared.Threads);
            Assert.Equal(shared.Threads, again.Threads);
            Assert.True(threads.Add(shared.Threads.Single()));
        }
    }
}

/// <summary>Actors that share the thread of a shard: they are there, they starve nobody, and nothing of theirs is lost.</summary>
public abstract class ShardDispatcherSpecsBase(EngineKind kind, ITestOutputHelper output)
    : AioTestKit(kind, "akka.io.aio.shards = 2", output)
{
    [SkippableFact]
    public async Task No_two_actors_on_it_run_at_the_same_time()
    {
        var file = await FileOn(0);
        var alone = new Exclusive();
        var runs = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => RunRequester(file, file.ShardDispatcher, operations: 3000, firstBlock: i * 16, alone)));
        Assert.All(runs, run => Assert.Empty(run.Errors));
        Assert.Equal(0, alone.Met);
    }

    [SkippableFact]
    public async Task An_actor_beside_the_shard_that_never_rests_holds_up_no_reply()
    {
        var file = await FileOn(0);
        var restless = Sys.ActorOf(Props.Create(() => new Restless()).WithDispatcher(file.ShardDispatcher));
        restless.Tell("go on");
        var here = await RunRequester(file, file.ShardDispatcher, operations: 2000);
        Assert.Empty(here.Errors);
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        await restless.GracefulStop(Patience.Long);
    }

    [SkippableFact]
    public async Task Many_requesters_on_both_threads_read_back_what_they_wrote()
    {
        var files = new[] { await FileOn(0), await FileOn(1) };

        // Each on the thread of the other's file too: commands cross over.
        var runs = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            RunRequester(files[i % 2], Ext.ShardDispatcher(i / 2 % 2), operations: 2000, firstBlock: i / 2 * 16)));
        Assert.All(runs, run => Assert.Empty(run.Errors));
        Assert.Equal(8 * 2000, runs.Sum(run => run.Done));
    }

    [SkippableFact]
    public async Task A_shard_that_is_not_there_is_refused()
    {
        Assert.Equal("shard", Assert.Throws<ArgumentOutOfRangeException>(() => Ext.ShardDispatcher(-1)).ParamName);
        Assert.Equal("shard", Assert.Throws<ArgumentOutOfRangeException>(() => Ext.ShardDispatcher(2)).ParamName);
        await Task.CompletedTask;
    }

    protected async Task<AioFile> FileOn(int shard)
    {
        while (true)
        {
            var file = await NewFile(64 * Block);
            if (file.ShardDispatcher == Ext.ShardDispatcher(shard))
            {
                return file;
            }

            await file.DisposeAsync();
        }
    }

    protected Task<Run> RunRequester(AioFile file, string dispatcher, int operations, int firstBlock = 0, Exclusive? alone = null)
    {
        var done = new TaskCompletionSource<Run>(TaskCreationOptions.RunContinuationsAsynchronously);
        Sys.ActorOf(Props.Create(() => new Requester(file, operations, firstBlock, done, alone ?? new Exclusive()))
            .WithDispatcher(dispatcher));
        return done.Task.WaitAsync(Patience.Long);
    }

    protected sealed record Run(int Done, HashSet<int> Threads, List<Exception> Errors);

    /// <summary>Writes and reads back in each of 16 blocks of its own, all at once.</summary>
    private sealed class Requester : UntypedActor
    {
        private const int Blocks = 16;

        private readonly AioFile _file;
        private readonly int _firstBlock;
        private readonly TaskCompletionSource<Run> _ended;
        private readonly Exclusive _alone;
        private readonly HashSet<int> _threads = [];
        private readonly List<Exception> _errors = [];
        private readonly IActorRef _aio = Context.System.Aio();
        private int _toStart;
        private int _outstanding;
        private int _done;

        public Requester(AioFile file, int operations, int firstBlock, TaskCompletionSource<Run> ended, Exclusive alone)
        {
            _file = file;
            _toStart = operations;
            _firstBlock = firstBlock;
            _ended = ended;
            _alone = alone;
        }

        protected override void PreStart()
        {
            for (var block = 0; block < Blocks; block++)
            {
                Next(block, written: null);
            }
        }

        protected override void OnReceive(object message) => _alone.Do(() => OnReply(message));

        private void OnReply(object message)
        {
            _threads.Add(Environment.CurrentManagedThreadId);
            _outstanding--;
            switch (message)
            {
                case Aio.WriteCompleted write:
                    _done++;
                    Next((int)write.Token!, write.Command.Data.ToArray());
                    break;
                case Aio.ReadIntoCompleted read:
                    _done++;
                    var (block, expected) = ((int, byte[]))read.Token!;
                    if (!read.Command.Destination[..read.Count].Span.SequenceEqual(expected))
                    {
                        _errors.Add(new InvalidDataException($"block {block} is not what was written"));
                    }

                    Next(block, written: null);
                    break;
                case Aio.CommandFailed failed:
                    _errors.Add(failed.Cause);
                    Next(failed.Token is int again ? again : (((int, byte[]))failed.Token!).Item1, written: null);
                    break;
                default:
                    Unhandled(message);
                    break;
            }

            if (_outstanding == 0)
            {
                _ended.SetResult(new Run(_done, _threads, _errors));
                Context.Stop(Self);
            }
        }

        private void Next(int block, byte[]? written)
        {
            if (_toStart == 0)
            {
                return;
            }

            _toStart--;
            _outstanding++;
            var offset = (long)(_firstBlock + block) * Block;
            _aio.Tell(written is null
                ? new Aio.Write(_file, Pattern(Block, _toStart), offset) { Token = block }
                : new Aio.ReadInto(_file, new byte[Block], offset) { Token = (block, written) });
        }
    }

    /// <summary>Has always one message more.</summary>
    private sealed class Restless : UntypedActor
    {
        protected override void OnReceive(object message) => Self.Tell(message);
    }
}
