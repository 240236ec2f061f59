using System.Diagnostics;
using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

public sealed class ShutdownSpecs(ITestOutputHelper output) : ShutdownSpecsBase("", output);

public sealed class StripedShutdownSpecs(ITestOutputHelper output)
    : ShutdownSpecsBase("akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", output);

public sealed class ShutdownWithoutCoordinationSpecs(ITestOutputHelper output)
    : ShutdownSpecsBase("akka.coordinated-shutdown.run-by-actor-system-terminate = off", output);

/// <summary>The end of the system: bounded, every command answered, nothing left but what the kernel will not give back.</summary>
public abstract partial class ShutdownSpecsBase(string hocon, ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, hocon + "\nakka.io.aio.drain-timeout = 1 s", output)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(9); // drain-timeout + 2 s, three times over: other specs run meanwhile

    private bool UsesCoordination => Sys.Settings.Config.GetBoolean("akka.coordinated-shutdown.run-by-actor-system-terminate");

    [Fact]
    public async Task Work_in_flight_is_finished_and_answered()
    {
        var file = await NewFile(64 * Block);
        var other = await NewFile(Block);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == Block };
        var writes = Enumerable.Range(0, 32).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        await Fence(other);
        var end = Terminate();
        Engine.OnOperation = null;
        Engine.Release();
        await end;
        await Replies.AssertOneEach(writes);
        Assert.All(writes, write => Assert.IsType<Aio.WriteCompleted>(Replies.Of(write).Result));
        Assert.Equal(Enumerable.Range(0, 32).SelectMany(i => Pattern(Block, i)), OnDisk(file.Path)[..(32 * Block)]);
        Assert.Equal((0, 0), (Engine.OpenContexts, Engine.OpenFiles));
    }

    [Fact]
    public async Task A_thousand_commands_are_each_answered_whatever_the_shutdown_meets_them_at()
    {
        var file = await NewFile(64 * Block);
        Engine.OnOperation = (in _) => new OperationFault { Delay = 3 };
        var commands = new List<Aio.Command>();
        for (var i = 0; i < 1000; i++)
        {
            commands.Add(Replies.Tell<Aio.Command>((i % 10) switch
            {
                0 => new Aio.Flush(file),
                5 => new Aio.SetLength(file, 64 * Block),
                1 or 2 or 3 => new Aio.ReadInto(file, new byte[10], i % 64 * Block),
                _ => new Aio.Write(file, new byte[Block], i % 64 * Block),
            }));
        }

        var end = Terminate();
        commands.AddRange(Enumerable.Range(0, 200).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i % 64 * Block))));
        await end;
        await Replies.AssertOneEach(commands);
        Assert.All(Replies.InOrder.OfType<Aio.CommandFailed>(), failed =>
            Assert.True(failed.Cause is AioClosedException or AioAbortedException, failed.ToString()));
    }

    [Fact]
    public async Task What_is_held_for_ever_is_abandoned_and_answered_as_such()
    {
        Abandons = true;
        var (file, other) = (await NewFile(64 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        var write = Replies.Tell(new Aio.Write(file, new byte[2 * Block], 0));
        var read = Replies.Tell(new Aio.RentRead(file, 0, 2 * Block));
        var flush = Replies.Tell(new Aio.Flush(file));
        var cut = Replies.Tell(new Aio.SetLength(file, 0));
        var behind = Replies.Tell(new Aio.ReadInto(file, new byte[1], 0));
        await Fence(other);
        await Terminate();
        await Replies.AssertOneEach(write, read, flush, cut, behind);
        foreach (var command in new Aio.Command[] { write, read, flush, cut, behind })
        {
            Assert.IsType<AioAbortedException>((await Replies.Of<Aio.CommandFailed>(command)).Cause);
        }

        Assert.Equal(AioOutcome.MayHaveHappened, (await Replies.Of<Aio.CommandFailed>(write)).Outcome);
        Assert.Equal(AioOutcome.NotPerformed, (await Replies.Of<Aio.CommandFailed>(behind)).Outcome);
        Assert.Equal(64 * Block, LengthOnDisk(file.Path));
        Assert.Equal(1, Engine.OpenContexts);
        Assert.Equal(1, Engine.OpenFiles); // the kernel may still use its descriptor
        Assert.Equal(2, Pool.RentedBuffers);
        Assert.Equal(2, Engine.Release()); // into memory that is still theirs
    }

    [Fact]
    public async Task Commands_after_the_end_are_refused_typed()
    {
        var file = await NewFile(Block);
        await Terminate();
        Aio.Command[] commands =
        [
            new Aio.RentRead(file, 0, 1), new Aio.ReadInto(file, new byte[1], 0), new Aio.Write(file, new byte[Block], 0),
            new Aio.Flush(file), new Aio.SetLength(file, 0), new Aio.Allocate(file, 0, 1), new Aio.Close(file),
            new Aio.AwaitRoom(file), new Aio.Open(NewPath(), New), new Aio.GetStats(),
        ];
        foreach (var command in commands)
        {
            var failed = await Replies.Do<Aio.CommandFailed>(command);
            Assert.True(failed.Cause is AioClosedException or AioAbortedException, failed.ToString());
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        }

        Assert.False((await Replies.Do<Aio.Canceled>(new Aio.Cancel(new Aio.Flush(file)))).Found);
        foreach (var command in commands.OfType<Aio.FileCommand>().Take(7))
        {
            var again = new Aio.RentRead(file, 0, 1);
            file.Shard.Tell(again, Replies);
            Assert.IsType<Aio.CommandFailed>(await Replies.Of(again));
        }

        await Assert.ThrowsAnyAsync<AioException>(async () => await file.RentReadAsync(0, 1).AsTask().WaitAsync(Patience.Long));
        await Assert.ThrowsAnyAsync<AioException>(() => Ext.OpenAsync(NewPath(), New).WaitAsync(Patience.Long));
        await file.DisposeAsync().AsTask().WaitAsync(Patience.Long);
        Assert.Equal(0, Engine.OpenFiles);
    }

    [Fact]
    public async Task A_shard_that_restarts_as_the_system_ends_answers_all()
    {
        Abandons = true;
        var file = await NewFile(64 * Block);
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 2 * Block };
        var read = Replies.Tell(new Aio.RentRead(file, 0, 2 * Block));
        var cut = Replies.Tell(new Aio.SetLength(file, Block));
        var behind = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        var flush = Replies.Tell(new Aio.Flush(file));
        var close = Replies.Tell(new Aio.Close(file));
        await Eventually(
            () => Ext.Shards.Any(shard => shard.Context is { Count: 1 } && shard.Loop.Admission.HeldCount == 1), "the read is held");
        foreach (var shard in Ext.Shards)
        {
            shard.Ref.Tell(Kill.Instance);
        }

        // The restart waits for the context, which waits for the read.
        await Eventually(() => Ext.Shards.Any(shard => shard.Context is { StopRequested: true, Count: 1 }), "it restarts");
        await Terminate();
        await Replies.AssertOneEach(read, cut, behind, flush, close);
        Engine.Release();
    }

    [Fact]
    public async Task An_idle_system_with_open_files_ends_at_once_and_closes_them()
    {
        var files = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => NewFile()));
        await Task.WhenAll(files.Select(file => file.WriteAsync(Pattern(Block), 0).AsTask()));
        await Terminate();
        Assert.Equal((0, 0), (Engine.OpenContexts, Engine.OpenFiles));
        Assert.All(files, file => Assert.Equal(Pattern(Block), OnDisk(file.Path)));
    }

    [Fact]
    public async Task A_reaper_that_fails_during_the_drain_does_not_make_it_longer()
    {
        var (file, other) = (await NewFile(64 * Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == Block };
        var write = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        await Fence(other);
        var bombs = 1;
        Engine.OnReap = () =>
        {
            if (Interlocked.Exchange(ref bombs, 0) == 1)
            {
                throw new InvalidOperationException("bomb");
            }
        };
        var end = Terminate();
        Engine.OnOperation = null;
        Engine.Release();
        await end;
        var reply = await Replies.Of(write);
        Assert.True(reply is Aio.WriteCompleted or Aio.CommandFailed { Cause: AioAbortedException }, $"{reply}");
    }

    [Fact]
    public async Task Terminating_twice_at_once_is_one_end()
    {
        await NewFile(Block);
        var shutdown = CoordinatedShutdown.Get(Sys);
        await Task.WhenAll(Terminate(), Terminate(), shutdown.Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance));
        Assert.Equal((0, 0), (Engine.OpenContexts, Engine.OpenFiles));
    }

    private async Task Terminate()
    {
        var watch = Stopwatch.StartNew();
        await Sys.Terminate().WaitAsync(Patience.Long);
        Assert.True(watch.Elapsed < Bound, $"the end took {watch.Elapsed}");
    }

    private Task<AioFile> NewFile(long length, DirectIo direct) => NewFile(length, direct, path: null);
}
