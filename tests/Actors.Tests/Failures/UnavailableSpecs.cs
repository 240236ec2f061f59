using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>A shard that gets no context refuses typed and keeps its place; the others go on; it tries again.</summary>
public sealed class UnavailableSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "akka.io.aio.shards = 4", output)
{
    [Fact]
    public async Task A_shard_without_a_context_refuses_typed_and_the_others_go_on_and_it_recovers()
    {
        var files = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => NewFile(Block)));
        var file = files[0];
        var others = files.Where(other => !other.Shard.Equals(file.Shard)).ToArray();
        Sys.EventStream.Subscribe(TestActor, typeof(AioShardRestarted));
        Engine.OnSetup = _ => Errno.EAGAIN;
        var bombs = 1;
        Engine.OnSubmit = _ => Interlocked.Exchange(ref bombs, 0) == 1 ? throw new InvalidOperationException("bomb") : default;
        await Replies.Fails<AioAbortedException>(new Aio.Write(file, new byte[Block], 0));
        var index = (await ExpectMsgAsync<AioShardRestarted>()).Shard;

        var failed = await Replies.Do<Aio.CommandFailed>(new Aio.RentRead(file, 0, 1));
        var error = Assert.IsType<AioUnavailableException>(failed.Cause);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        Assert.Equal(index, error.Shard);
        Assert.Equal(Errno.EAGAIN, Assert.IsType<AioContextException>(error.InnerException).Errno);
        await Replies.Fails<AioUnavailableException>(new Aio.Write(file, new byte[Block], 0));
        await Replies.Fails<AioUnavailableException>(new Aio.Flush(file));
        await Replies.Do<Aio.LengthSet>(new Aio.SetLength(file, 2 * Block));
        Assert.Equal(0, (await Stats()).Shards[index].Depth);
        foreach (var other in others)
        {
            using var read = await other.RentReadAsync(0, 1);
            await other.FlushAsync();
        }

        Engine.OnSetup = null;
        await AwaitAssertAsync(async () => await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0)));
        await Replies.Do<Aio.Flushed>(new Aio.Flush(file));
        Assert.Equal(4, Engine.OpenContexts);
    }

    [Fact]
    public async Task A_file_closes_and_the_system_ends_without_a_context()
    {
        var file = await NewFile(Block);
        Engine.OnSetup = _ => Errno.EAGAIN;
        var bombs = 1;
        Engine.OnSubmit = _ => Interlocked.Exchange(ref bombs, 0) == 1 ? throw new InvalidOperationException("bomb") : default;
        await Replies.Fails<AioAbortedException>(new Aio.Write(file, new byte[Block], 0));
        await Replies.Fails<AioUnavailableException>(new Aio.RentRead(file, 0, 1));
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        Assert.Equal(0, Engine.OpenFiles);
        await Sys.Terminate().WaitAsync(Patience.Long);
    }

    [Fact]
    public async Task A_first_context_that_is_refused_fails_the_start_and_leaves_nothing()
    {
        var contexts = 0;
        Engine.OnSetup = _ => ++contexts == 3 ? Errno.EAGAIN : Errno.None;
        var error = Assert.Throws<AioContextException>(() => Sys.Aio());
        Assert.Equal(Errno.EAGAIN, error.Errno);
        Assert.Equal(0, Engine.OpenContexts);
        await Sys.Terminate();
    }
}
