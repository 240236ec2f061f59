using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

public sealed class HostileListenerSpecsOnLinuxAio(ITestOutputHelper output) : HostileListenerSpecs(EngineKind.LinuxAio, "", output);

public sealed class HostileListenerSpecsOnReaperThread(ITestOutputHelper output)
    : HostileListenerSpecs(EngineKind.LinuxAio, "akka.io.aio.reap.thread = own", output);

public sealed class HostileListenerSpecsOnEpoll(ITestOutputHelper output) : HostileListenerSpecs(EngineKind.LinuxAioEpoll, "", output);

public sealed class HostileListenerSpecsOnThreadPool(ITestOutputHelper output) : HostileListenerSpecs(EngineKind.ThreadPool, "", output);

public sealed class HostileListenerSpecsOnMemory(ITestOutputHelper output) : HostileListenerSpecs(EngineKind.Memory, "", output);

/// <summary>
/// A metrics listener or a log sink that throws never comes between what the kernel has accepted and our account of it: every command
/// is done and answered.
/// </summary>
public abstract class HostileListenerSpecs(EngineKind kind, string hocon, ITestOutputHelper output)
    : AioTestKit(kind, hocon + "\nakka.io.aio { depth = 16, slow-submit = 0.01 ms }", output)
{
    private const int Tasks = 64;
    private const int Rounds = 300;

    [SkippableTheory]
    [InlineData("queue.duration")]
    [InlineData("submit.duration")]
    [InlineData("submit.batch")]
    [InlineData("device.duration")]
    [InlineData("delivery.duration")]
    [InlineData("reap.batch")]
    public async Task A_metrics_listener_that_throws_costs_no_operation_and_is_logged_once(string instrument)
    {
        var errors = new Errors(Sys);
        var file = await FileOf(Pattern(64 * Block));
        var measured = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (published, self) =>
        {
            if (published.Meter == Ext.Meter.Meter && published.Name == $"akka.io.aio.{instrument}")
            {
                self.EnableMeasurementEvents(published);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Throw());
        listener.SetMeasurementEventCallback<int>((_, _, _, _) => Throw());
        listener.Start();
        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(async () =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                using var buffer = await file.RentReadAsync((task + i) % 64 * Block, Block).AsTask().WaitAsync(Patience.Long);
                Assert.Equal(Block, buffer.Length);
            }
        })));
        Assert.True(measured > 20, $"{measured} measurements"); // else nothing has been tried
        Assert.Equal(0, (await Stats()).Shards[0].Restarts);
        await file.DisposeAsync();
        await Eventually(() => errors.Said.Any(IsOfListener), "it is logged");
        Assert.Single(errors.Said, IsOfListener);

        void Throw()
        {
            if (Interlocked.Increment(ref measured) % 20 == 0)
            {
                throw new InvalidOperationException("a listener's own trouble");
            }
        }

        static bool IsOfListener(string text) => text.Contains("metrics listener", StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_log_sink_that_throws_costs_no_operation()
    {
        var file = await FileOf(Pattern(64 * Block));
        var sink = new Sink(Sys);
        Sys.EventStream.Subscribe(sink, typeof(LogEvent));
        try
        {
            var hostile = new Sink(Sys);
            for (var i = 0; i < 50; i++)
            {
                Disk.Tell(new Aio.ReadInto(file, new byte[Block], i % 64 * Block), hostile); // each reply that it throws at is logged
                Disk.Tell(new Aio.SetLength(file, -1), hostile);
                using var buffer = await file.RentReadAsync(i * Block, Block).AsTask().WaitAsync(Patience.Long);
                Assert.Equal(Block, buffer.Length);
            }

            await Eventually(() => hostile.Told == 100, "every command has its reply");
            Assert.True(sink.Told > 0); // else nothing has been tried
            Assert.Equal(0, (await Stats()).Shards[0].Restarts);
            await file.DisposeAsync();
        }
        finally
        {
            Sys.EventStream.Unsubscribe(sink);
        }
    }

    private sealed class Errors : MinimalActorRef
    {
        private readonly ActorSystem _system;

        public Errors(ActorSystem system)
        {
            _system = system;
            system.EventStream.Subscribe(this, typeof(Error));
        }

        public ConcurrentQueue<string> Said { get; } = new();

        public override ActorPath Path => new RootActorPath(_system.Provider().DefaultAddress()) / "errors";

        public override IActorRefProvider Provider => _system.Provider();

        protected override void TellInternal(object message, IActorRef sender) => Said.Enqueue($"{((Error)message).Message}");
    }

    /// <summary>Throws at whatever it is told.</summary>
    private sealed class Sink(ActorSystem system) : MinimalActorRef
    {
        private int _told;

        public int Told => Volatile.Read(ref _told);

        public override ActorPath Path { get; } = new RootActorPath(system.Provider().DefaultAddress()) / "sink";

        public override IActorRefProvider Provider => system.Provider();

        protected override void TellInternal(object message, IActorRef sender)
        {
            Interlocked.Increment(ref _told);
            throw new IOException("no space left on the log's device");
        }
    }
}
