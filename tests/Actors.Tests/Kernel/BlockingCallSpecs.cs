using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Kernel;

/// <summary>
/// What may block in the kernel, open, close, fallocate, ftruncate and buffered I/O, is done by the threads that are there for it: never on
/// .NET's pool, nor on a shard's thread.
/// </summary>
public sealed class BlockingCallSpecs
{
    private const int Block = 4096;
    private const string BlockingThread = "akka.io.aio.blocking-dispatcher";

    public static TheoryData<string> Configurations { get; } =
        [
            "", "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", "akka.io.aio.reap.thread = own",
            "akka.io.aio.reap.wait = epoll",
        ];

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task No_call_that_blocks_is_made_on_a_pool_thread_or_a_shard_s(string hocon)
    {
        var engine = new WatchedEngine();
        var system = ActorSystem.Create("blocking", BootstrapSetup.Create()
            .WithConfig(AioTestKit.ConfigOf(hocon)).And(new AioSetup(engine)));
        var aio = AioExt.Get(system);
        var options = new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Required };

        await Task.Run(async () =>
        {
            Assert.True(Thread.CurrentThread.IsThreadPoolThread); // where a user's code awaits
            var direct = await aio.OpenAsync("/direct", options with { PreallocationSize = 2 * Block });
            for (var i = 0; i < 40; i++)
            {
                await direct.WriteAsync(new byte[Block], i * Block); // grows it
            }

            await direct.AllocateAsync(0, 100 * Block);
            await direct.SetLengthAsync(Block);
            await direct.FlushAsync();
            await direct.DisposeAsync();

            var buffered = await aio.OpenAsync("/buffered", options with { Direct = DirectIo.Off });
            await buffered.WriteAsync(new byte[100], 0);
            await buffered.WriteAsync([new byte[10], new byte[20]], 100);
            Assert.Equal(130, await buffered.ReadAsync(new byte[200], 0));
            using (var read = await buffered.RentReadAsync(0, 50))
            {
                Assert.Equal(50, read.Length);
            }

            await buffered.FlushAsync();
            await buffered.SetLengthAsync(10);
            await buffered.DisposeAsync();

            await Assert.ThrowsAsync<AioSystemException>(() => aio.OpenAsync("/none", options with { Mode = FileMode.Open }));
            await aio.OpenAsync("/left-open", options); // the system's end closes it
        }).WaitAsync(Patience.Long);
        await system.Terminate().WaitAsync(Patience.Long);

        Assert.Superset(
            new HashSet<string>(["open", "close", "fallocate", "ftruncate", "pread", "pwrite"]),
            engine.Calls.Select(call => call.Name).ToHashSet());
        Assert.All(engine.Calls, call =>
        {
            Assert.False(call.IsPool, $"{call} on a thread of the pool");
            Assert.True(call.Thread == BlockingThread || call.Name == "close", $"{call} on another thread");
            Assert.DoesNotContain("shard", call.Thread, StringComparison.Ordinal);
        });
        Assert.Equal(0, engine.Inner.OpenFiles);
    }
}
