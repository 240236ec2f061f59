using System.Runtime.CompilerServices;
using Akka.Actor;
using AkkaAio.TestKit.Tests.Support;
using AkkaAio.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace AkkaAio.TestKit.Tests;

/// <summary>The samples of docs/testing.md, run from here.</summary>
public sealed class DocsSpecs
{
    [Theory]
    [InlineData("faults", "DocsSpecs.cs")]
    [InlineData("hold", "DocsSpecs.cs")]
    [InlineData("delay", "DocsSpecs.cs")]
    [InlineData("advance", "DocsSpecs.cs")]
    [InlineData("full", "DocsSpecs.cs")]
    [InlineData("scenarios", "DocsSpecs.cs")]
    [InlineData("power-cuts", "Crashes/PowerCutDocsSpecs.cs")]
    [InlineData("log", "Support/OrderLog.cs")]
    [InlineData("xunit2", "Xunit2KitSpecs.cs")]
    [InlineData("hosting", "../TestKit.Hosting.Tests/HostingKitSpecs.cs")]
    public void The_page_shows_the_sample_that_is_run_here(string name, string source) =>
        Samples.AssertShows(name, "docs/testing.md", Path.Combine(Path.GetDirectoryName(SourcePath())!, source));

    [Fact]
    public async Task Faults()
    {
        var disk = new AioTestDisk();
        await WithFile(disk, async file =>
        {
            // sample: faults
            using var once = disk.Writes("orders.log").Where(write => write.Offset >= 8192).Times(1).Fail(Errno.EIO);
            using var half = disk.Reads().Short(2048); // a read moves 2048 bytes at most
            using var busy = disk.Submits().Times(3).Fail(Errno.EAGAIN); // the kernel takes nothing, three times
            using var rare = disk.Any().WithChance(0.001).Fail(Errno.EIO); // by the disk's seed
            // end
            busy.Dispose();
            rare.Dispose();
            Assert.Equal(4096, await file.ReadAsync(new byte[4096], 0));
            Assert.Equal(2, half.Hits);
            await Assert.ThrowsAsync<AioSystemException>(() => file.WriteAsync(new byte[4096], 8192).AsTask());
        });
    }

    [Fact]
    public async Task Hold()
    {
        var disk = new AioTestDisk();
        await WithFile(disk, async file =>
        {
            // sample: hold
            using var held = disk.Writes().Hold();
            var writes = Enumerable.Range(0, 3).Select(i => file.WriteAsync(new byte[4096], i * 4096).AsTask()).ToArray();
            await held.WhenHit(3); // all three are in flight, and stay there
            held.Release(2, ReleaseOrder.Reverse); // the third, then the second
            await Task.WhenAll(writes[1], writes[2]);
            Assert.False(writes[0].IsCompleted);
            // end
            held.Release();
            await writes[0];
        });
    }

    [Fact]
    public async Task Delay()
    {
        // sample: delay
        var time = new FakeTimeProvider(); // of Microsoft.Extensions.TimeProvider.Testing
        var disk = new AioTestDisk { Time = time };
        using var slow = disk.Flushes().Delay(TimeSpan.FromSeconds(5));
        // end
        await WithFile(disk, async file =>
        {
            // sample: advance
            var flush = file.FlushAsync().AsTask();
            await slow.WhenHit();
            time.Advance(TimeSpan.FromSeconds(5)); // nothing sleeps
            await flush;
            // end
        });
    }

    [Fact]
    public async Task Full()
    {
        var disk = new AioTestDisk();
        await WithFile(disk, async file =>
        {
            // sample: full
            disk.Capacity = disk.UsedBytes + 4096; // room for one block
            await file.WriteAsync(new byte[4096], file.Length);
            var full = await Assert.ThrowsAsync<AioSystemException>(() => file.WriteAsync(new byte[4096], file.Length).AsTask());
            Assert.Equal(Errno.ENOSPC, full.Errno);
            disk.Capacity = null; // room again
            await file.WriteAsync(new byte[4096], file.Length);
            // end
        });
    }

    // sample: scenarios
    [Fact]
    public async Task The_log_keeps_what_it_acknowledges_whatever_fails()
    {
        var report = await AioScenarios.EachOperationFails(async scenario =>
        {
            var log = scenario.StartSystem().ActorOf(Props.Create(() => new OrderLog("/orders.log")));
            var acknowledged = await Orders.AppendAsync(log, count: 8); // number and text of each order that was answered with a number
            scenario.EndFault();
            await log.GracefulStop(TimeSpan.FromSeconds(5));
            Assert.All(acknowledged, order => Assert.Equal(order.Value, Orders.Read(scenario.Disk, "/orders.log", order.Key)));
        });
        Assert.True(report.IsExhaustive, report.ToString()); // 58 of 58 scenarios at 17 operations, seed 814838976
    }
    // end

    private static async Task WithFile(AioTestDisk disk, Func<AioFile, Task> test)
    {
        disk.WriteAllBytes("/orders.log", new byte[3 * 4096]);
        using var system = ActorSystem.Create("docs", Akka.Actor.Setup.ActorSystemSetup.Empty.And(disk.Setup));
        var file = await AioExt.Get(system).OpenAsync("/orders.log", new() { Access = FileAccess.ReadWrite });
        await test(file);
        await file.DisposeAsync();
        await disk.ExpectNoLeaks(system);
        await system.Terminate();
    }

    private static string SourcePath([CallerFilePath] string path = "") => path;
}
