using System.Diagnostics.Metrics;
using System.Globalization;

namespace AkkaAio.Benchmarks.Journals;

/// <summary>Measures, and prints a table for each load.</summary>
/// <param name="folder">Where stores are made.</param>
/// <param name="rounds">Of all journals in turn.</param>
/// <param name="time">Of one measurement.</param>
internal sealed class JournalRun(string folder, int rounds, TimeSpan time)
{
    /// <summary>Events a second of a load, on all journals.</summary>
    public async Task MeasureAsync(string load, int actors, int atOnce, CancellationToken stop)
    {
        var figures = JournalContender.All.ToDictionary(contender => contender, _ => new List<JournalFigures>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var contender in InTurn(JournalContender.All, round))
            {
                stop.ThrowIfCancellationRequested();
                CleanHeap();
                using var store = new StoreFolder(folder);
                var system = contender.Start(store.Path);
                figures[contender].Add(await PersistentLoad.RunAsync(system, actors, atOnce, time / 2, time));
                await system.Terminate();
            }
        }

        Console.WriteLine($"{load + " actors",-36}   events/s (least..most)        us CPU  B an event   x Sql's best   x in memory");
        foreach (var (contender, measured) in figures)
        {
            Print(contender.Name, [.. measured.Select(figure => figure.EventsASecond)], string.Create(
                CultureInfo.InvariantCulture,
                $"{Median(measured.Select(figure => figure.CpuOfAnEvent.TotalMicroseconds)),8:0.0} " +
                $"{Median(measured.Select(figure => figure.BytesOfAnEvent)),8:0} " +
                $"{Ratio(JournalContender.BestSql),12:0.0} {Ratio(JournalContender.InMemory),12:0.00}"));

            double Ratio(JournalContender reference) => Median(
                measured.Zip(figures[reference], (ours, theirs) => ours.EventsASecond / theirs.EventsASecond));
        }
    }

    /// <summary>Events a second of a recovery, in turn.</summary>
    public async Task RecoverAsync(int actors, int events, CancellationToken stop)
    {
        var stored = JournalContender.All.Where(contender => contender.Stores).ToArray();
        var stores = stored.Select(_ => new StoreFolder(folder)).ToArray();
        var measured = stored.Select(_ => new List<(TimeSpan Open, double Rate)>()).ToArray();
        for (var i = 0; i < stored.Length; i++)
        {
            var writer = stored[i].Start(stores[i].Path);
            await PersistentLoad.StoreAsync(writer, actors, events);
            await writer.Terminate();
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var i in InTurn([.. Enumerable.Range(0, stored.Length)], round))
            {
                stop.ThrowIfCancellationRequested();
                CleanHeap();
                var system = stored[i].Start(stores[i].Path);
                measured[i].Add(await PersistentLoad.RecoverAsync(system, actors, events));
                await system.Terminate();
            }
        }

        Console.WriteLine($"{$"recovery of {actors} x {events}",-36}   events/s (least..most)        x Sql's best  opened in ms");
        var best = measured[Array.IndexOf(stored, JournalContender.BestSql)];
        for (var i = 0; i < stored.Length; i++)
        {
            Print(stored[i].Name, [.. measured[i].Select(recovery => recovery.Rate)], string.Create(
                CultureInfo.InvariantCulture,
                $"{Median(measured[i].Zip(best, (ours, theirs) => ours.Rate / theirs.Rate)),8:0.0} " +
                $"{Median(measured[i].Select(recovery => recovery.Open.TotalMilliseconds)),12:0}"));
            stores[i].Dispose();
        }
    }

    /// <summary>Single commits: a raw loop, and the journal's writes as it sees them itself and as the user of an actor does.</summary>
    public async Task CommitAsync(int commits)
    {
        using var store = new StoreFolder(folder);
        using var onShard = new CommitTimes();
        var system = JournalContender.All[0].Start(store.Path);
        var (raw, journal) = await RawCommits.RunAsync(system, store.Path, commits);
        await system.Terminate();
        var shard = onShard.Take();
        Console.WriteLine("single commits, shuffled                us p50      p99   x raw (p50)");
        Print("raw O_DSYNC loop", raw);
        Print("the journal, its write", shard);
        Print("the journal, to a user of Ask", journal);

        void Print(string name, double[] times) => Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {name,-34} {Of(times, 50),8:0} {Of(times, 99),8:0} {Of(times, 50) / Of(raw, 50),8:0.00}"));
    }

    /// <summary>Commits of one actor, alone and beside a replay of all events that there are, in turn.</summary>
    public async Task CommitBesideReplayAsync(int actors, int events, CancellationToken stop)
    {
        using var store = new StoreFolder(folder);
        using var times = new CommitTimes();
        var writer = JournalContender.All[0].Start(store.Path);
        await PersistentLoad.StoreAsync(writer, actors, events);
        await writer.Terminate();
        var (alone, beside, replayed) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            stop.ThrowIfCancellationRequested();
            var system = JournalContender.All[0].Start(store.Path);
            await PersistentLoad.RunAsync(system, 1, 1, TimeSpan.Zero, time / 2);
            times.Take();
            await PersistentLoad.RunAsync(system, 1, 1, TimeSpan.Zero, time);
            alone.Add(Of(times.Take(), 50));
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var replay = ReplayAsync(system, actors, events, over.Token);
            await PersistentLoad.RunAsync(system, 1, 1, TimeSpan.Zero, time);
            beside.Add(Of(times.Take(), 50));
            await over.CancelAsync();
            replayed.Add(await replay);
            await system.Terminate();
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"commit p50 on its shard: alone {Median(alone):0} us, beside a replay of all ({Median(replayed):0} events/s) " +
            $"{Median(beside):0} us, ratio {Median(beside.Zip(alone, (with, without) => with / without)):0.00}"));
    }

    private static async Task<double> ReplayAsync(Akka.Actor.ActorSystem system, int actors, int events, CancellationToken stop)
    {
        var rates = new List<double>();
        do
        {
            rates.Add((await PersistentLoad.RecoverAsync(system, actors, events)).EventsASecond);
        }
        while (!stop.IsCancellationRequested);
        return Median(rates);
    }

    private static void Print(string name, List<double> measured, string more) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"  {name,-34} {Median(measured),10:0} {$"({measured.Min():0}..{measured.Max():0})",-18}  {more}"));

    // Each round begins with another one: none always follows on the slowest.
    private static IEnumerable<T> InTurn<T>(T[] all, int round) => all.Select((_, i) => all[(i + round) % all.Length]);

    // What a journal has left is not collected in the turn of the next one.
    private static void CleanHeap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static double Of(double[] sorted, int percent) => sorted[sorted.Length * percent / 100];

    /// <summary>A folder of its own for each store.</summary>
    private sealed class StoreFolder : IDisposable
    {
        public StoreFolder(string below) =>
            Path = Directory.CreateDirectory(System.IO.Path.Combine(below, $"journal-{Guid.NewGuid():N}")).FullName;

        public string Path { get; }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    /// <summary>How long the writes of batches took, as the journal's meter has it.</summary>
    private sealed class CommitTimes : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Lock _lock = new();
        private List<double> _times = [];

        public CommitTimes()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "akka.persistence.aio.commit.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, seconds, _, _) =>
            {
                lock (_lock)
                {
                    _times.Add(seconds * 1e6);
                }
            });
            _listener.Start();
        }

        /// <summary>Microseconds, sorted, since the last time.</summary>
        public double[] Take()
        {
            lock (_lock)
            {
                double[] taken = [.. _times.Skip(_times.Count / 10).Order()];
                _times = [];
                return taken;
            }
        }

        public void Dispose() => _listener.Dispose();
    }
}
