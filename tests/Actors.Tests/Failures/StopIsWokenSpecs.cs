using System.Diagnostics;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>A reaper in a long wait is woken for the end of the system: reap.timeout is no part of it.</summary>
public sealed class StopIsWokenSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio { drain-timeout = 1 s, reap.timeout = 10 s }", output)
{
    [Fact]
    public async Task The_end_takes_drain_timeout_and_not_reap_timeout()
    {
        Abandons = true;
        var (file, other) = (await NewFile(Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == Block };
        var write = Replies.Tell(new Aio.Write(file, new byte[Block], 0));
        await Fence(other);
        var watch = Stopwatch.StartNew();
        await Sys.Terminate().WaitAsync(Patience.Long);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(9), $"the end took {watch.Elapsed}");
        Assert.IsType<AioAbortedException>((await Replies.Of<Aio.CommandFailed>(write)).Cause);
        Engine.Release();
    }
}
