using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Barriers;

/// <summary>A read that was in the kernel before a write, and is settled behind it.</summary>
public sealed class LateReadSpecs
{
    private const int Block = 4096;

    [Fact]
    public async Task Zeros_that_a_read_found_before_they_were_written_to_are_no_data()
    {
        var engine = new WatchedEngine();
        var system = ActorSystem.Create("late", Akka.Actor.Setup.ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(AioTestKit.ConfigOf("")), new AioSetup(engine)));
        var aio = AioExt.Get(system);
        var options = new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, GrowAhead = 64 * Block };
        var writer = await aio.OpenAsync("/late", options);
        var reader = await aio.OpenAsync("/late", new() { OnBlockingThreads = true });
        var content = new byte[Block];
        content.AsSpan().Fill((byte)'a');
        await writer.WriteAsync(content, 0);

        using var hasRead = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        var reads = 0;
        engine.OnRead = _ =>
        {
            if (Interlocked.Increment(ref reads) == 1)
            {
                hasRead.Release();
                goOn.Wait(Patience.Long);
            }
        };
        var read = reader.RentReadAsync(Block, Block).AsTask();
        Assert.True(await hasRead.WaitAsync(Patience.Long));
        await writer.WriteAsync(content, Block);
        goOn.Set();

        using (var bytes = await read.WaitAsync(Patience.Long))
        {
            Assert.False(bytes.GetSpan().ContainsAnyExcept((byte)'a'));
        }

        await system.Terminate().WaitAsync(Patience.Long);
    }
}
