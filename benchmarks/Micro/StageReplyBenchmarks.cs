using Akka.Actor;
using Akka.Configuration;
using AkkaAio.Benchmarks.Null;
using AkkaAio.Shards;
using BenchmarkDotNet.Attributes;

namespace AkkaAio.Benchmarks.Micro;

/// <summary>The two ends of an operation inside a shard: a command becomes a request, a completion becomes a reply.</summary>
[MemoryDiagnoser]
public class StageReplyBenchmarks
{
    private readonly string _path = Path.GetTempFileName();
    private readonly Operation _operation = new() { Slot = 0 };
    private ReplyList _replies = null!;
    private Settlement _settlement = null!;
    private ActorSystem _system = null!;
    private AioFile _file = null!;
    private AioBuffer _buffer = null!;
    private Aio.ReadInto _command = null!;
    private IActorRef _requester = null!;

    /// <summary>Before all.</summary>
    [GlobalSetup]
    public async Task SetupAsync()
    {
        _system = ActorSystem.Create("micro", BootstrapSetup.Create().WithConfig(
            ConfigurationFactory.ParseString("akka.io.aio.shards = 1")).And(new AioSetup(new NullEngine())));
        var aio = AioExt.Get(_system);
        _file = await aio.OpenAsync(_path);
        _buffer = aio.Pool.Rent(4096);
        _command = new Aio.ReadInto(_file, _buffer, 0);
        _requester = new Nobody(_system);
        _operation.Lane = _file.Lanes[0];
        _replies = aio.Shards[0].Loop.Replies;
        _settlement = aio.Shards[0].Loop.Settlement;
    }

    /// <summary>After all.</summary>
    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        _buffer.Dispose();
        await _file.DisposeAsync();
        await _system.Terminate();
        File.Delete(_path);
    }

    /// <summary>What a requester allocates for a read.</summary>
    [Benchmark]
    public Aio.ReadInto Command() => new(_file, _buffer, 0);

    /// <summary>From the command to the request for the kernel.</summary>
    [Benchmark]
    public long Stage()
    {
        _operation.Transfer = _command;
        OperationMemory.Prepare(_operation, _file.Aio.Pool);
        var request = _operation.ToRequest();
        _operation.Buffer!.Release();
        return request.Offset;
    }

    /// <summary>The same, and from the completion to the reply told.</summary>
    [Benchmark]
    public void StageReply()
    {
        _operation.Transfer = _command;
        _operation.Requester = _requester;
        OperationMemory.Prepare(_operation, _file.Aio.Pool);
        _settlement.TrySettle(_operation, 4096);
        _replies.TellAll();
    }

    /// <summary>A reply into an actor's mailbox is Akka's cost, and measured by compare.</summary>
    private sealed class Nobody(ActorSystem system) : MinimalActorRef
    {
        public override ActorPath Path => system.DeadLetters.Path;

        public override IActorRefProvider Provider => ((ExtendedActorSystem)system).Provider;

        protected override void TellInternal(object message, IActorRef sender)
        {
        }
    }
}
