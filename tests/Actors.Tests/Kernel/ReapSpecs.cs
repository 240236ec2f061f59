using System.Diagnostics;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

public sealed class WaitForManySpecsOnLinuxAio(ITestOutputHelper output) : ReapSpecs(EngineKind.LinuxAio, ManyAtOnce, output);

public sealed class WaitForManySpecsOnMemory(ITestOutputHelper output) : ReapSpecs(EngineKind.Memory, ManyAtOnce, output);

public sealed class PollingSpecsOnLinuxAio(ITestOutputHelper output) : ReapSpecs(EngineKind.LinuxAio, Polling, output);

public sealed class PollingSpecsOnMemory(ITestOutputHelper output) : ReapSpecs(EngineKind.Memory, Polling, output);

/// <summary>min-nr never makes a reply wait for completions that are not coming.</summary>
public abstract class ReapSpecs(EngineKind kind, string hocon, ITestOutputHelper output) : AioTestKit(kind, hocon, output)
{
    protected const string ManyAtOnce = "akka.io.aio.reap { min-nr = 8, nr = 8, timeout = 10 s }";
    protected const string Polling = "akka.io.aio.reap { min-nr = 0, nr = 8, timeout = 10 s }";

    // A wait for the time-out, just once, would be 10 s.
    private static readonly TimeSpan FarBelow = TimeSpan.FromSeconds(5);

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(64)]
    public async Task Replies_come_without_waiting_for_the_time_out(int inFlight)
    {
        var file = await NewFile(64 * Block);
        for (var round = 0; round < 20; round++)
        {
            var watch = Stopwatch.StartNew();
            var reads = Enumerable.Range(0, inFlight)
                .Select(i => Replies.Tell(new Aio.ReadInto(file, new byte[Block], i * Block))).ToArray();
            await Task.WhenAll(reads.Select(Replies.Of));
            Assert.True(watch.Elapsed < FarBelow, $"{watch.Elapsed}");
        }
    }

    [SkippableFact]
    public async Task An_idle_system_ends_without_waiting_for_the_time_out()
    {
        await using (var file = await NewFile(Block))
        {
            await file.FlushAsync();
        }

        var watch = Stopwatch.StartNew();
        await Sys.Terminate();
        Assert.True(watch.Elapsed < FarBelow, $"{watch.Elapsed}");
    }
}
