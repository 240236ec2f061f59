using System.Collections.Concurrent;
using System.Diagnostics;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

public sealed class StuckSubmitSpecs(ITestOutputHelper output) : StuckSubmitSpecsBase("", output);

public sealed class StuckSubmitWithReaperThreadSpecs(ITestOutputHelper output)
    : StuckSubmitSpecsBase("akka.io.aio.reap.thread = own", output);

public sealed class StuckSubmitByEpollSpecs(ITestOutputHelper output) : StuckSubmitSpecsBase(ByEpoll, output);

public sealed class StuckSubmitWithoutCoordinationSpecs(ITestOutputHelper output)
    : StuckSubmitSpecsBase("akka.coordinated-shutdown.run-by-actor-system-terminate = off", output);

public sealed class StuckSubmitOnPinnedDispatcherSpecs(ITestOutputHelper output)
    : StuckSubmitSpecsBase("akka.io.aio.shard-dispatcher { type = PinnedDispatcher, throughput-deadline-time = 3650d }", output);

/// <summary>
/// io_submit does not return, as on a frozen file system: a Cancel is answered at once, another shard's files work, the end is bounded with
/// every command answered, and after a thaw everything goes on.
/// </summary>
public abstract class StuckSubmitSpecsBase : AioTestKit
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(9); // drain-timeout + 2 s, three times over: other specs run meanwhile

    private const string Healthy = "/memory/healthy";

    private readonly ManualResetEventSlim _thaw = new();
    private readonly ManualResetEventSlim _frozen = new();

    protected StuckSubmitSpecsBase(string hocon, ITestOutputHelper output)
        : base(
            EngineKind.Memory, "akka.io.aio { shards = 2, depth = 16, max-queue-size = 100, drain-timeout = 1 s }\n" + hocon, output,
            new MemoryEngine { DeviceOf = path => path == Healthy ? 1UL : 0UL })
    {
        Engine.OnSubmit = requests =>
        {
            foreach (var request in requests)
            {
                if (request.Length == 2 * Block)
                {
                    _frozen.Set();
                    _thaw.Wait();
                    break;
                }
            }

            return default;
        };
    }

    [Fact]
    public async Task The_end_is_bounded_and_every_command_is_answered()
    {
        Abandons = true;
        var (file, other) = await TwoShards();
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 3 * Block };
        var held = Replies.Tell(new Aio.RentRead(file, 0, 3 * Block));
        await Fence(file);
        var commands = new List<Aio.Command> { held, await Stick(file) };
        for (var i = 0; i < 300; i++)
        {
            commands.Add(Replies.Tell<Aio.Command>((i % 10) switch
            {
                0 => new Aio.Flush(file),
                1 => new Aio.AwaitRoom(file),
                2 => new Aio.RentRead(other, 0, 1),
                3 when i % 100 == 3 => new Aio.SetLength(file, 64 * Block),
                4 => new Aio.Batch([new Aio.Write(file, new byte[Block], 0)]).Commands.Span[0],
                _ => new Aio.Write(file, new byte[Block], i % 64 * Block),
            }));
        }

        var close = Replies.Tell(new Aio.Close(file));
        var rented = Pool.RentedBuffers;
        var watch = Stopwatch.StartNew();
        await Sys.Terminate().WaitAsync(Patience.Long);
        Assert.True(watch.Elapsed < Bound, $"the end took {watch.Elapsed}");
        await Replies.AssertOneEach([.. commands, close]);
        Assert.Equal(AioOutcome.MayHaveHappened, (await Replies.Of<Aio.CommandFailed>(commands[1])).Outcome);
        Assert.True(Pool.RentedBuffers > 0, $"the kernel still has the memory; {rented} before"); // leaked, not freed

        // The thaw comes into an ended system.
        _thaw.Set();
        await Eventually(() => Ext.Shards.All(shard => !shard.Gate.IsInside), "the thread is back");
        Assert.Equal(commands.Count + 1, Replies.Count);
    }

    [Fact]
    public async Task Code_on_a_stuck_shard_s_thread_goes_on_on_the_pool_when_the_system_ends()
    {
        Abandons = true;
        var (file, _) = await TwoShards();
        var begun = new TaskCompletionSource();
        var code = Task.Run(async () =>
        {
            await file.OnShard();
            var read = file.ReadAsync(new byte[2 * Block], 0); // the one that is stuck
            begun.SetResult();
            await Assert.ThrowsAsync<AioAbortedException>(async () => await read);
            return Thread.CurrentThread.IsThreadPoolThread;
        });
        await begun.Task;
        Assert.True(_frozen.Wait(Patience.Long));
        var posted = Task.Run(async () =>
        {
            await file.OnShard(); // which waits for the thread
            return Thread.CurrentThread.IsThreadPoolThread;
        });
        await Sys.Terminate().WaitAsync(Patience.Long);
        Assert.True(await code.WaitAsync(Patience.Long));
        Assert.True(await posted.WaitAsync(Patience.Long));
        _thaw.Set();
        await Eventually(() => Ext.Shards.All(shard => !shard.Gate.IsInside), "the thread is back");
    }

    [Fact]
    public async Task Cancel_is_answered_at_once_for_a_command_in_any_place()
    {
        var (file, other) = await TwoShards();
        var stuck = await Stick(file);
        Aio.FileCommand[] commands =
        [
            stuck, .. Enumerable.Range(0, 40).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i * Block))),
            Replies.Tell(new Aio.SetLength(file, 64 * Block)), Replies.Tell(new Aio.RentRead(file, 0, 1)),
            Replies.Tell(new Aio.Flush(file)),
        ];
        try
        {
            foreach (var command in commands)
            {
                var canceled = await Replies.Do<Aio.Canceled>(new Aio.Cancel(command));
                Assert.True(canceled.Found, command.Name);
                Assert.IsType<AioCanceledException>((await Replies.Of<Aio.CommandFailed>(command)).Cause);
            }

            using var read = await other.RentReadAsync(0, 10).AsTask().WaitAsync(Patience.Long);
            using var token = new CancellationTokenSource();
            var awaited = file.WriteAsync(new byte[Block], 0, token.Token).AsTask();
            await token.CancelAsync();
            await Assert.ThrowsAsync<OperationCanceledException>(() => awaited.WaitAsync(Patience.Long));
        }
        finally
        {
            _thaw.Set();
        }

        await file.DisposeAsync().AsTask().WaitAsync(Patience.Long);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task After_the_thaw_everything_is_done_that_was_told_meanwhile()
    {
        var (file, _) = await TwoShards();
        var stuck = await Stick(file);
        var writes = Enumerable.Range(2, 50).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        var canceled = Replies.Tell(new Aio.Write(file, new byte[Block], 60 * Block));
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(canceled)); // another thread has taken up the messages by now
        var more = Enumerable.Range(0, 100).Select(_ => Replies.Tell(new Aio.Write(file, new byte[Block], 61 * Block))).ToArray();
        await Replies.Do<Aio.Canceled>(new Aio.Cancel(canceled));
        var refused = more.Count(Replies.Has);
        _thaw.Set();
        await Task.WhenAll(writes.Append(stuck).Select(write => Replies.Of<Aio.WriteCompleted>(write)));
        await Task.WhenAll(more.Select(Replies.Of));
        Assert.Equal(refused, more.Count(write => Replies.Of(write).Result is Aio.CommandFailed { Cause: AioOverloadedException }));
        Assert.InRange(refused, 1, 99); // the bound of the queue holds meanwhile
        Assert.Equal(Enumerable.Range(2, 50).SelectMany(i => Pattern(Block, i)), OnDisk(file.Path)[(2 * Block)..(52 * Block)]);
        await file.DisposeAsync();
    }

    [Fact]
    public async Task A_file_on_another_device_works_on_the_same_shard_meanwhile()
    {
        // So many commands for the stuck device that the queue is nearly full of them.
        var file = await NewFile(64 * Block);
        var healthy = await NewFile(64 * Block, path: Healthy);
        while (healthy.HomeShard != file.HomeShard)
        {
            file = await NewFile(64 * Block);
        }

        var stuck = await Stick(file);
        var waiting = Enumerable.Range(2, 90).Select(i => Replies.Tell(new Aio.Write(file, new byte[Block], i % 62 * Block))).ToArray();
        for (var i = 0; i < 20; i++)
        {
            await healthy.WriteAsync(Pattern(Block, i), i * Block).AsTask().WaitAsync(Patience.Long);
            using var read = await healthy.RentReadAsync((i * Block) + 10, 100).AsTask().WaitAsync(Patience.Long);
            Assert.Equal(Pattern(Block, i)[10..110], read.GetSpan().ToArray());
        }

        await healthy.WriteAsync(new byte[Block], 100 * Block).AsTask().WaitAsync(Patience.Long); // behind its end
        await healthy.FlushAsync().AsTask().WaitAsync(Patience.Long);
        await healthy.SetLengthAsync(Block).AsTask().WaitAsync(Patience.Long);
        await healthy.DisposeAsync().AsTask().WaitAsync(Patience.Long);
        Assert.DoesNotContain(waiting, Replies.Has);
        _thaw.Set();
        await Replies.AssertOneEach([stuck, .. waiting]);
        Assert.All(waiting, write => Assert.IsType<Aio.WriteCompleted>(Replies.Of(write).Result));
        await file.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whatever_waits_for_another_device_goes_on_wherever_it_is(bool inOneBatch)
    {
        // In hand as the call gets stuck, behind it in its batch, in the mailbox, and in the queue because no slot is free.
        var file = await NewFile(64 * Block);
        var healthy = await NewFile(64 * Block, path: Healthy);
        while (healthy.HomeShard != file.HomeShard)
        {
            file = await NewFile(64 * Block);
        }

        var stuck = new Aio.Write(file, Pattern(2 * Block), 0);
        Aio.ReadInto[] reads = [.. Enumerable.Range(0, 60).Select(i => new Aio.ReadInto(healthy, new byte[Block], i * Block))];
        if (inOneBatch)
        {
            Disk.Tell(new Aio.Batch([reads[0], stuck, .. reads[1..]]), Replies);
        }
        else
        {
            Array.ForEach<Aio.Command>([stuck, .. reads], command => Replies.Tell(command));
        }

        await Task.WhenAll(reads.Select(read => Replies.Of<Aio.ReadIntoCompleted>(read)));
        Assert.False(Replies.Has(stuck));
        _thaw.Set();
        await Replies.AssertOneEach([stuck, .. reads]);
    }

    [Fact]
    public async Task What_another_device_has_done_is_answered_without_a_message_to_the_shard()
    {
        var file = await NewFile(64 * Block);
        var healthy = await NewFile(64 * Block, path: Healthy);
        while (healthy.HomeShard != file.HomeShard)
        {
            file = await NewFile(64 * Block);
        }

        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == 3 * Block };
        var read = Replies.Tell(new Aio.ReadInto(healthy, new byte[3 * Block], 0));
        await Fence(healthy);
        var stuck = await Stick(file);
        Assert.Equal(1, Engine.Release(request => request.Length == 3 * Block));
        await Replies.Of<Aio.ReadIntoCompleted>(read);
        Assert.False(Replies.Has(stuck));
        _thaw.Set();
        await Replies.AssertOneEach(stuck, read);
    }

    [Fact]
    public async Task A_batch_that_gets_stuck_has_operations_of_one_device_alone()
    {
        var devices = new ConcurrentBag<int>();
        var file = await NewFile(64 * Block);
        var healthy = await NewFile(64 * Block, path: Healthy);
        var submit = Engine.OnSubmit!;
        Engine.OnSubmit = requests =>
        {
            devices.Add(requests.ToArray().Select(request => request.Descriptor).Distinct().Count());
            return submit(requests);
        };
        var reads = Enumerable.Range(0, 90).Select(i => (i % 3 == 0 ? healthy : file).RentReadAsync(i % 64 * Block, 1).AsTask());
        foreach (var read in await Task.WhenAll(reads).WaitAsync(Patience.Long))
        {
            read.Dispose();
        }

        Assert.All(devices, count => Assert.Equal(1, count));
    }

    [Fact]
    public async Task A_thaw_before_the_deadline_loses_nothing()
    {
        var (file, _) = await TwoShards();
        var stuck = await Stick(file);
        var writes = Enumerable.Range(2, 50).Select(i => Replies.Tell(new Aio.Write(file, Pattern(Block, i), i * Block))).ToArray();
        var end = Sys.Terminate();
        _thaw.Set();
        await end.WaitAsync(Patience.Long);
        await Replies.AssertOneEach([stuck, .. writes]);
        foreach (var (write, i) in writes.Select((write, i) => (write, i + 2)))
        {
            if (await Replies.Of(write) is Aio.WriteCompleted)
            {
                Assert.Equal(Pattern(Block, i), OnDisk(file.Path)[(i * Block)..((i + 1) * Block)]);
            }
        }

        Assert.IsType<Aio.WriteCompleted>(await Replies.Of(stuck));
        Assert.Equal((0, 0), (Engine.OpenContexts, Engine.OpenFiles));
    }

    protected override void AfterAll()
    {
        _thaw.Set();
        base.AfterAll();
        _thaw.Dispose();
        _frozen.Dispose();
    }

    // A write that is inside io_submit.
    private async Task<Aio.Write> Stick(AioFile file)
    {
        var stuck = Replies.Tell(new Aio.Write(file, Pattern(2 * Block), 0));
        Assert.True(await Comes(() => _frozen.IsSet), "io_submit is called");
        return stuck;
    }

    private async Task<(AioFile File, AioFile OnOtherShard)> TwoShards()
    {
        var file = await NewFile(64 * Block);
        for (var other = await NewFile(Block); ; other = await NewFile(Block))
        {
            if (other.HomeShard != file.HomeShard)
            {
                return (file, other);
            }
        }
    }
}
