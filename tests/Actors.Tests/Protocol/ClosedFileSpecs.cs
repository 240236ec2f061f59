using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class ClosedFileSpecsOnLinuxAio(ITestOutputHelper output) : ClosedFileSpecs(EngineKind.LinuxAio, "", output);

public sealed class ClosedFileSpecsOnMemory(ITestOutputHelper output) : ClosedFileSpecs(EngineKind.Memory, "", output);

public sealed class StripedClosedFileSpecsOnMemory(ITestOutputHelper output)
    : ClosedFileSpecs(EngineKind.Memory, "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

/// <summary>A closed file refuses everything typed; another file with its descriptor is never hit.</summary>
public abstract class ClosedFileSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    [SkippableFact]
    public async Task Every_command_after_close_fails_typed_and_close_twice_too()
    {
        var file = await NewFile(4 * Block);
        await Replies.Do<Aio.Closed>(new Aio.Close(file));
        Aio.FileCommand[] commands =
        [
            new Aio.RentRead(file, 0, 1), new Aio.RentRead(file, 3 * Block, Block), new Aio.RentRead(file, 0, 0),
            new Aio.ReadInto(file, new byte[1], 0), new Aio.Write(file, new byte[Block], 0), new Aio.Flush(file),
            new Aio.SetLength(file, 0), new Aio.Allocate(file, 0, Block), new Aio.Close(file),
        ];
        foreach (var command in commands)
        {
            var failed = await Replies.Do<Aio.CommandFailed>(command);
            var error = Assert.IsType<AioClosedException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
            Assert.Equal(file.Path, error.Path);
        }

        Assert.False((await Replies.Do<Aio.Canceled>(new Aio.Cancel(commands[0]))).Found);
    }

    [SkippableFact]
    public async Task Commands_told_behind_a_close_in_one_go_are_refused_and_those_before_it_done()
    {
        var file = await NewFile(64 * Block);
        var before = Enumerable.Range(0, 64).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        var close = Replies.Tell(new Aio.Close(file));
        var after = Enumerable.Range(0, 64).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))).ToArray();
        var closeAgain = Replies.Tell(new Aio.Close(file));

        await Replies.AssertOneEach([.. before, close, .. after, closeAgain]);
        Assert.IsType<Aio.Closed>(await Replies.Of(close));
        Assert.All(before, write => Assert.IsType<Aio.WriteCompleted>(Replies.Of(write).Result));
        Assert.All(after, write => Assert.IsType<AioClosedException>(((Aio.CommandFailed)Replies.Of(write).Result).Cause));
        Assert.IsType<AioClosedException>((await Replies.Of<Aio.CommandFailed>(closeAgain)).Cause);
        Assert.Equal(Enumerable.Range(0, 64).SelectMany(i => Pattern(Block, i)), ContentOf(file));
    }

    [SkippableFact]
    public async Task A_stale_file_never_reaches_the_file_that_got_its_descriptor()
    {
        for (var i = 0; i < 20; i++)
        {
            var stale = await NewFile(Block);
            await stale.DisposeAsync();
            var next = await FileOf(Pattern(Block, i));
            var write = Replies.Tell(new Aio.Write(stale, new byte[Block], 0));
            var cut = Replies.Tell(new Aio.SetLength(stale, 0));
            Assert.IsType<AioClosedException>((await Replies.Of<Aio.CommandFailed>(write)).Cause);
            Assert.IsType<AioClosedException>((await Replies.Of<Aio.CommandFailed>(cut)).Cause);
            Assert.Equal(Pattern(Block, i), ContentOf(next));
            await next.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task DisposeAsync_is_harmless_however_often_and_from_wherever()
    {
        var file = await NewFile(Block);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () => await file.DisposeAsync())));
        await file.DisposeAsync();
        await AwaitAssertAsync(async () => Assert.Equal(0, (await Stats()).OpenFiles));
        await Assert.ThrowsAsync<AioClosedException>(async () => await file.FlushAsync());
    }
}
