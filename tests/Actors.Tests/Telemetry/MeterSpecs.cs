using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Telemetry;

public sealed class MeterSpecsOnLinuxAio(ITestOutputHelper output) : MeterSpecs(EngineKind.LinuxAio, output)
{
    [SkippableFact]
    public async Task What_is_reserved_of_aio_max_nr_can_be_seen()
    {
        var stats = await Stats();
        using var meter = new Listener(Ext);
        Assert.Equal(2 * 5, stats.ReservedOperations); // depth and one for the wake-up, of two shards
        Assert.Equal(10, meter.Read("akka.io.aio.aio_nr.own"));
        Assert.InRange(meter.Read("akka.io.aio.aio_nr"), 10, meter.Read("akka.io.aio.aio_max_nr"));
        Assert.InRange(stats.AioNr!.Value, 10, stats.AioMaxNr!.Value);
    }
}

public sealed class MeterSpecsOnMemory(ITestOutputHelper output) : MeterSpecs(EngineKind.Memory, output)
{
    [Fact]
    public async Task Errors_are_counted_by_what_the_kernel_said()
    {
        var file = await NewFile(8 * Block);
        using var meter = new Listener(Ext);
        Engine.OnOperation = (in request) => new OperationFault
        {
            Error = request.Offset switch { 0 => Errno.EIO, Block => Errno.ENOSPC, _ => Errno.None },
        };
        await Replies.Do<Aio.CommandFailed>(new Aio.ReadInto(file, new byte[1], 0));
        await Replies.Do<Aio.CommandFailed>(new Aio.ReadInto(file, new byte[1], 0));
        await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, new byte[Block], Block));
        Assert.Equal(2, meter.Read("akka.io.aio.errors", ("operation", "read"), ("error.type", "EIO")));
        Assert.Equal(1, meter.Read("akka.io.aio.errors", ("operation", "write"), ("error.type", "ENOSPC")));
        var shards = (await Stats()).Shards;
        Assert.Equal(3, shards.Sum(shard => shard.Errors));
        Assert.Equal(2, shards.Sum(shard => shard.ErrorsByErrno.GetValueOrDefault(Errno.EIO)));
        Assert.Equal(1, shards.Sum(shard => shard.ErrorsByErrno.GetValueOrDefault(Errno.ENOSPC)));
    }

    [Fact]
    public async Task Waiting_and_refused_commands_and_flow_control_can_be_seen()
    {
        var file = await NewFile(64 * Block);
        using var meter = new Listener(Ext);
        var again = 2;
        Engine.OnSubmit = _ => Interlocked.Decrement(ref again) >= 0 ? new SubmitFault { Error = Errno.EAGAIN } : default;
        Engine.OnOperation = (in _) => new OperationFault { Hold = true };
        var reads = Enumerable.Range(0, 20).Select(_ => Replies.Tell(new Aio.ReadInto(file, new byte[1], 0))).ToArray();
        await Eventually(() => meter.Read("akka.io.aio.overloads") == 6, "six found the queue full");
        Assert.Equal(10, meter.Read("akka.io.aio.queued"));
        await Eventually(() => meter.Read("akka.io.aio.in_flight") == 4, "four are in flight");
        Assert.Equal(8, meter.Read("akka.io.aio.depth"));
        Assert.Equal(2, meter.Read("akka.io.aio.flow_controlled"));
        Engine.OnOperation = null;
        Engine.Release();
        await Replies.AssertOneEach(reads);
        Assert.Equal(0, meter.Read("akka.io.aio.queued"));
        await Eventually(() => meter.Count("akka.io.aio.queue.duration") == 10, "ten had waited");
        Assert.Equal(10, (await Stats()).Shards.Sum(shard => shard.QueueLatency.Count));
    }

    [Fact]
    public async Task A_submit_that_blocks_can_be_seen()
    {
        var file = await NewFile(Block);
        using var meter = new Listener(Ext);
        using var blocked = new ManualResetEventSlim();
        var until = TimeSpan.Zero;
        Engine.OnSubmit = _ =>
        {
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            SpinWait.SpinUntil(() => System.Diagnostics.Stopwatch.GetElapsedTime(start) > Ext.Settings.SlowSubmit);
            until = System.Diagnostics.Stopwatch.GetElapsedTime(start);
            return default;
        };
        await Replies.Do<Aio.ReadIntoCompleted>(new Aio.ReadInto(file, new byte[1], 0));
        Assert.Equal(1, meter.Read("akka.io.aio.slow_submits"));
        var shard = (await Stats()).Shards.Single(shard => shard.Submits > 0);
        Assert.Equal(1, shard.SlowSubmits);
        Assert.True(shard.SubmitLatency.Max >= until - TimeSpan.FromTicks(1), $"{shard.SubmitLatency} {until}");
    }

    [Fact]
    public async Task The_log_of_a_submit_that_blocks_says_what_to_do()
    {
        Sys.EventStream.SetLogLevel(Akka.Event.LogLevel.InfoLevel);
        var log = CreateTestProbe();
        Sys.EventStream.Subscribe(log.Ref, typeof(Akka.Event.Info));
        var file = await NewFile(Block);
        Engine.OnSubmit = _ =>
        {
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            SpinWait.SpinUntil(() => System.Diagnostics.Stopwatch.GetElapsedTime(start) > Ext.Settings.SlowSubmit);
            return default;
        };
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        var info = await log.FishForMessageAsync<Akka.Event.Info>(
            info => info.Message.ToString()!.Contains("io_submit of 1 operations", StringComparison.Ordinal));
        Assert.Contains("OnBlockingThreads", info.Message.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_meter_ends_with_the_system()
    {
        using var meter = new Listener(Ext);
        await NewFile(Block);
        Assert.NotEmpty(meter.Names);
        await Sys.Terminate().WaitAsync(Patience.Long);
        Assert.Empty(meter.Names);
    }
}

/// <summary>What the meter tells is what was done, and what GetStats says.</summary>
public abstract class MeterSpecs(EngineKind kind, ITestOutputHelper output)
    : AioTestKit(kind, "akka.io.aio { shards = 2, depth = 4, max-queue-size = 10 }", output)
{
    [SkippableFact]
    public async Task Operations_and_bytes_are_counted_by_kind()
    {
        var file = await NewFile(16 * Block);
        using var meter = new Listener(Ext);
        for (var i = 0; i < 7; i++)
        {
            await file.WriteAsync(new byte[Block], i * Block);
        }

        for (var i = 0; i < 5; i++)
        {
            await file.ReadAsync(new byte[100], 0);
        }

        await file.FlushAsync();
        var stats = await StatsAfter(13);
        Same(7, "akka.io.aio.operations", shard => shard.Writes, ("operation", "write"));
        Same(5, "akka.io.aio.operations", shard => shard.Reads, ("operation", "read"));
        Same(1, "akka.io.aio.operations", shard => shard.DataSyncs, ("operation", "datasync"));
        Same(7 * Block, "akka.io.aio.bytes", shard => shard.WrittenBytes, ("operation", "write"));
        Same(500, "akka.io.aio.bytes", shard => shard.ReadBytes, ("operation", "read"));
        Same(13, "akka.io.aio.submits", shard => shard.Submits);
        Same(0, "akka.io.aio.errors", shard => shard.Errors);
        Same(0, "akka.io.aio.restarts", shard => shard.Restarts);
        Same(meter.Read("akka.io.aio.reaps"), "akka.io.aio.reaps", shard => shard.Reaps);
        foreach (var (name, count) in new[]
        {
            ("submit.duration", stats.Shards.Sum(shard => shard.SubmitLatency.Count)),
            ("submit.batch", stats.Shards.Sum(shard => shard.Submits)),
            ("device.duration", stats.Shards.Sum(shard => shard.DeviceLatency.Count)),
            ("delivery.duration", stats.Shards.Sum(shard => shard.DeliveryLatency.Count)),
            ("reap.batch", stats.Shards.Sum(shard => shard.Reaps)),
        })
        {
            Assert.True(count > 0, name);
            await Eventually(() => meter.Count($"akka.io.aio.{name}") == count, $"{name} has {count}");
        }

        Assert.Equal(13, stats.Shards.Sum(shard => shard.DeviceLatency.Count));
        Assert.Equal(stats.PoolAllocatedBytes, meter.Read("akka.io.aio.pool.allocated"));
        Assert.Equal(stats.PoolBudgetBytes, meter.Read("akka.io.aio.pool.budget"));
        Assert.Equal(stats.RentedBuffers, meter.Read("akka.io.aio.pool.rented"));

        void Same(long expected, string name, Func<Aio.ShardStats, long> figure, params (string, string)[] tags) =>
            Assert.Equal((name, expected, expected), (name, meter.Read(name, tags), stats.Shards.Sum(figure)));
    }

    [SkippableFact]
    public void The_docs_list_what_there_is()
    {
        _ = Ext;
        using var meter = new Listener(Ext);
        var page = File.ReadAllText(Samples.PageOf("docs/telemetry.md"));
        var listed = Regex.Matches(page, "^\\| `(akka\\.io\\.aio\\.[a-z_.]+)`", RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value).Order().ToArray();
        var own = meter.Names.Order().ToArray();
        Assert.Equal(
            Kind is EngineKind.LinuxAio or EngineKind.LinuxAioEpoll ? listed : [.. listed.Where(name => !name.Contains("aio_"))], own);
    }

    /// <summary>Listens to the meter of one actor system.</summary>
    private protected sealed class Listener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, bool> _names = new();
        private readonly ConcurrentDictionary<string, long> _counts = new();
        private readonly List<(string Name, long Value, string Tags)> _read = [];

        public Listener(AioExt aio)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == aio.Meter.Meter)
                {
                    Assert.Equal(AioExt.MeterName, instrument.Meter.Name);
                    Assert.Contains(new("akka.actor.system", aio.System.Name), instrument.Meter.Tags!);
                    _names[instrument.Name] = true;
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.MeasurementsCompleted = (instrument, _) => _names.TryRemove(instrument.Name, out var _);
            _listener.SetMeasurementEventCallback<double>(Count);
            _listener.SetMeasurementEventCallback<int>(Count);
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _read.Add((instrument.Name, value, Text(tags))));
            _listener.Start();
        }

        public IEnumerable<string> Names => _names.Keys;

        /// <summary>The sum over all shards, of measurements with these tags.</summary>
        public long Read(string name, params (string Key, string Value)[] tags)
        {
            lock (_read)
            {
                _read.Clear();
                _listener.RecordObservableInstruments();
                return _read.Where(read => read.Name == name && tags.All(tag => read.Tags.Contains($"[{tag.Key}={tag.Value}]")))
                    .Sum(read => read.Value);
            }
        }

        /// <summary>How often a histogram was recorded.</summary>
        public long Count(string name) => _counts.GetValueOrDefault(name);

        public void Dispose() => _listener.Dispose();

        private void Count<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        {
            Assert.Contains("[shard=", Text(tags));
            _counts.AddOrUpdate(instrument.Name, 1, (_, count) => count + 1);
        }

        private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var text = "";
            foreach (var (key, value) in tags)
            {
                text += string.Create(CultureInfo.InvariantCulture, $"[{key}={value}]");
            }

            return text;
        }
    }
}
