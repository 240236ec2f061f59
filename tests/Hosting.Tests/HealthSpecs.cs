using Akka.Actor;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace AkkaAio.Hosting.Tests;

/// <summary>What an operator sees of a disk that is slow, full or gone.</summary>
public sealed class HealthSpecs
{
    private static readonly AioOpenOptions New = new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, PreallocationSize = 4096 };

    [Fact]
    public async Task Healthy_says_what_it_has_seen_and_is_never_about_liveness()
    {
        await using var host = await Started(_ => { });
        var entry = await Check(host);
        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal(["aio", "akka", "ready"], entry.Tags.Order()); // akka is Akka.Hosting's own
        Assert.Equal("memory", entry.Data["engine"]);
        Assert.Contains("AioSetup", (string)entry.Data["reason"], StringComparison.Ordinal);
        Assert.Equal((0L, 0, 0L), ((long)entry.Data["inFlight"], (int)entry.Data["queued"], (long)entry.Data["restarts"]));
    }

    [Fact]
    public async Task A_stuck_shard_is_degraded_when_several_checks_in_a_row_have_seen_it_and_healthy_at_once_when_it_is_over()
    {
        await using var host = await Started(options => (options.Tolerance, options.OldestInFlight) = (3, TimeSpan.FromMilliseconds(1)));
        var read = await Stuck(host, 1);
        Assert.True(SpinWait.SpinUntil(() => host.Aio.Shards[0].OldestInFlight > TimeSpan.FromMilliseconds(1), TestHost.Patience));

        for (var seen = 1; seen < 3; seen++)
        {
            var early = await Check(host);
            Assert.Equal(HealthStatus.Healthy, early.Status);
            Assert.Contains("in flight for", (string)early.Data["found"], StringComparison.Ordinal);
            Assert.Equal(seen, early.Data["inARow"]);
        }

        var late = await Check(host);
        Assert.Equal(HealthStatus.Degraded, late.Status);
        Assert.Contains("shard 0 has had an operation in flight for", late.Description, StringComparison.Ordinal);
        Assert.Equal(1L, late.Data["inFlight"]);
        Assert.True((long)late.Data["oldestInFlightMs"] >= 1);

        host.Engine.Release();
        await read[0];
        Assert.Equal(HealthStatus.Healthy, (await Check(host)).Status);
    }

    [Theory]
    [InlineData(8, HealthStatus.Healthy)]
    [InlineData(9, HealthStatus.Degraded)]
    public async Task A_queue_at_nine_tenths_is_degraded(int queued, HealthStatus status)
    {
        await using var host = await Started(_ => { });
        await Stuck(host, 1 + queued);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref host.Aio.Shards[0].Counters.Queued) == queued, TestHost.Patience));
        var entry = await Check(host);
        Assert.Equal(status, entry.Status);
        Assert.Equal(queued, entry.Data["queued"]);
    }

    [Theory]
    [InlineData(true, HealthStatus.Degraded)]
    [InlineData(false, HealthStatus.Healthy)]
    public async Task A_fallback_of_the_engine_is_degraded_where_the_engine_is_required(bool required, HealthStatus status)
    {
        var setup = new AioSetup(name => new MemoryEngine { Unavailable = name == "linux-aio" ? "forbidden here" : null });
        await using var host = await Started(options => options.RequireEngine = required, setup);
        var entry = await Check(host);
        Assert.Equal(status, entry.Status);
        Assert.Contains("linux-aio is unavailable here: forbidden here", (string)entry.Data["reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_is_degraded_for_a_while()
    {
        var within = TimeSpan.FromMinutes(5);
        await using var host = await Started(options => options.RestartWithin = within);
        var file = await host.Aio.OpenAsync("/file", New);
        await Restart(host, file);
        var entry = await Check(host);
        Assert.Equal(HealthStatus.Degraded, entry.Status);
        Assert.Contains("shard 0 was restarted", entry.Description, StringComparison.Ordinal);
        Assert.Equal(1L, entry.Data["restarts"]);
    }

    [Fact]
    public async Task A_restart_that_is_long_ago_is_healthy()
    {
        await using var host = await Started(options => options.RestartWithin = TimeSpan.Zero);
        await Restart(host, await host.Aio.OpenAsync("/file", New));
        Assert.Equal(HealthStatus.Healthy, (await Check(host)).Status);
    }

    [Fact]
    public async Task A_shard_that_refuses_everything_is_unhealthy()
    {
        await using var host = await Started(options => options.Tolerance = 2);
        var file = await host.Aio.OpenAsync("/file", New);
        host.Engine.OnSetup = _ => Errno.EAGAIN;
        await Restart(host, file);
        Assert.True(SpinWait.SpinUntil(() => host.Aio.Shards[0].ToStats().Unavailable is not null, TestHost.Patience));
        Assert.Equal(HealthStatus.Healthy, (await Check(host)).Status);
        var entry = await Check(host);
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Contains("shard 0 refuses every command", entry.Description, StringComparison.Ordinal);
        host.Engine.OnSetup = null;
    }

    [Fact]
    public async Task A_pool_that_is_lent_out_is_degraded_and_one_that_only_keeps_memory_is_not()
    {
        await using var host = await Started(_ => { });
        var budget = (int)host.Aio.Settings.BufferBudget;
        var buffer = host.Aio.Pool.Rent(budget);
        Assert.Contains("buffer pool", (await Check(host)).Description, StringComparison.Ordinal);
        buffer.Dispose();
        Assert.Equal(HealthStatus.Healthy, (await Check(host)).Status);
    }

    [Fact]
    public async Task Figures_that_do_not_come_are_unhealthy()
    {
        using var hangs = new HangingEngine();
        await using var host = await Started(options => options.Timeout = TimeSpan.FromMilliseconds(50), new AioSetup(hangs));
        hangs.Hang();
        var entry = await Check(host);
        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.Contains("not been answered within 0.05 s", entry.Description, StringComparison.Ordinal);
        hangs.Dispose();
    }

    [Fact]
    public async Task Options_that_cannot_be_fail_the_start_with_their_name()
    {
        await using var host = new TestHost(akka => akka.WithAio().WithAioHealthCheck(options => options.QueueShare = 90));
        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(host.StartAsync);
        Assert.Equal("QueueShare", error.ParamName);
    }

    private static async Task<TestHost> Started(Action<AioHealthOptions> configure, AioSetup? setup = null)
    {
        var host = new TestHost(
            akka => akka
                .WithAio(options => (options.Depth, options.MaxQueueSize, options.BufferPool.Budget) = (1, 10, "1 MiB"))
                .WithAioHealthCheck(options =>
                {
                    options.Tolerance = 1;
                    configure(options);
                }),
            services => services.AddHealthChecks(),
            setup);
        await host.StartAsync();
        return host;
    }

    private static async Task<HealthReportEntry> Check(TestHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync().WaitAsync(TestHost.Patience)).Entries["akka-aio"];

    // Reads of which the first is kept by the device, and the others wait.
    private static async Task<Task[]> Stuck(TestHost host, int count)
    {
        var file = await host.Aio.OpenAsync("/file", New);
        host.Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        return [.. Enumerable.Range(0, count).Select(_ => file.ReadAsync(new byte[1], 0).AsTask())];
    }

    private static async Task Restart(TestHost host, AioFile file)
    {
        var (fails, restarts) = (1, host.Aio.Shards[0].Counters.Restarts);
        host.Engine.OnReap = () =>
        {
            if (Interlocked.Exchange(ref fails, 0) == 1)
            {
                throw new AioSystemException(Errno.EIO, "io_getevents");
            }
        };
        await host.Aio.Ref.Ask<object>(new Aio.ReadInto(file, new byte[1], 0), TestHost.Patience);
        Assert.True(SpinWait.SpinUntil(
            () => Volatile.Read(ref host.Aio.Shards[0].Counters.RestartedAt) > 0 && host.Aio.Shards[0].Counters.Restarts > restarts,
            TestHost.Patience));
    }

    // Its figures do not come while it hangs.
    private sealed class HangingEngine : IIoEngine, IDisposable
    {
        private readonly MemoryEngine _inner = new();
        private readonly ManualResetEventSlim _goesOn = new(initialState: true);

        public string Name => _inner.Name;

        public (long Free, long Max)? Capacity
        {
            get
            {
                _goesOn.Wait(TestHost.Patience);
                return null;
            }
        }

        public void Hang() => _goesOn.Reset();

        public long CapacityOf(int depth) => _inner.CapacityOf(depth);

        public IIoContext CreateContext(int depth) => _inner.CreateContext(depth);

        public IIoFile Open(string path, IoFileOptions options) => _inner.Open(path, options);

        public void Dispose() => _goesOn.Set();
    }
}
