using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Operations;

/// <summary>The meter AkkaAio.Persistence, as a listener sees it.</summary>
public sealed partial class TelemetrySpecs : JournalSpec
{
    private readonly ConcurrentDictionary<string, (double Sum, double Last, string Unit)> _seen = new();
    private readonly MeterListener _listener = new();

    public TelemetrySpecs(ITestOutputHelper output)
        : base(output)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "AkkaAio.Persistence")
            {
                _seen.TryAdd(instrument.Name, (0, 0, instrument.Unit!));
                listener.EnableMeasurementEvents(instrument, instrument.Meter);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, meter) => Add(instrument, value, meter));
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, meter) => Add(instrument, value, meter));
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, meter) => Add(instrument, value, meter));
        _listener.Start();
    }

    [Fact]
    public async Task Each_instrument_that_the_docs_list_is_there_and_counts()
    {
        await WriteAndAwaitAsync("p", 1, 10);
        await WriteAndAwaitAsync("q", 1, 1);
        await ReplayAsync("p");
        await ReplayAsync("p");
        using (Disk.Writes().Times(1).Fail(Errno.EIO))
        {
            Write(Atomic("p", 11, 11));
            await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        }

        await ReplayAsync("p");
        _listener.RecordObservableInstruments();
        Assert.InRange(Seen("commit.duration").Sum, 1e-7, 20);
        Assert.Equal(11, Seen("batch.records").Sum);
        Assert.InRange(Seen("padding").Sum, 1000, 3 * 4096);
        Assert.Equal(1, Seen("failures").Sum);
        Assert.Equal(3, Seen("replays").Sum);
        Assert.Equal(0, Seen("pending").Last);
        Assert.Equal(2, Seen("ids").Last);
        Assert.InRange(Seen("cache.hits").Last, 1, 30);
        Assert.InRange(Seen("cache.misses").Last, 1, 30);

        var held = Disk.Writes().Hold();
        Write(Atomic("p", 11, 11));
        await held.WhenHit();
        _listener.RecordObservableInstruments();
        Assert.Equal(4096, Seen("pending").Last);
        held.Dispose();

        var page = File.ReadAllText(Path.Combine(Path.GetDirectoryName(SourcePath())!, "../../../docs/persistence.md"));
        Assert.Equal(
            _seen.Select(instrument => (instrument.Key, instrument.Value.Unit)).Order(),
            Row().Matches(page).Select(row => (row.Groups["name"].Value, row.Groups["unit"].Value)).Order());
    }

    private (double Sum, double Last, string Unit) Seen(string name) => _seen["akka.persistence.aio." + name];

    // Other specs' systems run beside this one.
    private void Add(Instrument instrument, double value, object? meter)
    {
        if (meter is Meter { Tags: { } tags } && tags.Contains(new("akka.actor.system", Sys.Name)))
        {
            _seen.AddOrUpdate(instrument.Name, (value, value, ""), (_, seen) => (seen.Sum + value, value, seen.Unit));
        }
    }

    private static string SourcePath([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^\| `(?<name>akka\.persistence\.aio\.[\w.]+)` \| (?<unit>[^|]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    protected override void AfterAll()
    {
        _listener.Dispose();
        base.AfterAll();
    }
}
