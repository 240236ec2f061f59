using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using AkkaAio.Cluster;

namespace AkkaAio.ClusterDriver;

/// <summary>Load from two clients, and the check of what a third one reads.</summary>
internal static class LoadVerb
{
    private const int LongestGaps = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(LoadOptions options)
    {
        var systems = new List<ActorSystem>();
        var verdict = new Verdict();
        List<FileHistory> histories;
        try
        {
            var clients = new List<AioClusterExt>();
            for (var i = 0; i < 2; i++)
            {
                clients.Add(await StartClientAsync(options, systems, options.CallTimeout));
            }

            if (options.Doubled)
            {
                for (var i = 0; i < clients.Count; i++)
                {
                    clients[i].Region = systems[i].ActorOf(Doubling.PropsFor(clients[i].Region, options.Random + i), "doubling");
                }
            }

            var disks = clients[0].GetDisks();
            await Task.WhenAll(from client in clients from disk in disks select client.StatDiskAsync(disk.Id)); // shards are allocated
            histories = Histories(options, disks, [.. clients]);
            await Console.Error.WriteLineAsync("begun");
            var until = DateTime.UtcNow + options.Time;
            await Task.WhenAll(histories.Select(history => history.RunToEndAsync(until)));
            await Console.Error.WriteLineAsync("written");
            await CheckAsync(options, systems, histories, verdict);
        }
        finally
        {
            await Task.WhenAll(systems.Select(Systems.LeaveAsync)).WaitAsync(Patience);
        }

        foreach (var note in verdict.Notes)
        {
            await Console.Error.WriteLineAsync(note);
        }

        foreach (var history in histories.OrderByDescending(history => history.WorstGap).Take(LongestGaps))
        {
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"gap {history.WorstGap.TotalSeconds:0.0} s until {history.WorstUntil / 1000.0:0.0} s: {history.Address}"));
        }

        foreach (var (failure, count) in FileHistory.Failures.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            await Console.Error.WriteLineAsync($"failed: {failure}: {count}");
        }

        Console.WriteLine(verdict);
        return verdict.IsGood ? 0 : 1;
    }

    private static async Task<AioClusterExt> StartClientAsync(LoadOptions options, List<ActorSystem> systems, TimeSpan callTimeout)
    {
        var system = Systems.Start(
            options.Seeds, options.Host, 0, null, options.Hocon,
            string.Create(
                CultureInfo.InvariantCulture,
                $"akka.io.aio.cluster {{ call-timeout = {callTimeout.TotalMilliseconds}ms, attempt-timeout = 1s, retry = 100ms }}"));
        systems.Add(system);
        await Systems.AwaitUpAsync(system, Patience);
        var client = AioClusterExt.Get(system);
        for (var waited = Stopwatch.StartNew(); client.GetDisks().Count < options.Disks; await Task.Delay(50))
        {
            if (waited.Elapsed > Patience)
            {
                throw new TimeoutException($"{client.GetDisks().Count} of {options.Disks} disks are there");
            }
        }

        return client;
    }

    private static List<FileHistory> Histories(LoadOptions options, IReadOnlyList<AioClusterDisk> disks, AioClusterExt[] clients)
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        var histories = new List<FileHistory>();
        string[] ids = [.. disks.Select(disk => disk.Id).Distinct()];
        for (var i = 0; i < options.Files; i++)
        {
            var disk = ids[i % ids.Length];
            histories.Add(new LogHistory($"{disk}/{run}/log-{i}", i, options.Random, options.MostBytes, clients));
            histories.Add(new PlainHistory($"{disk}/{run}/plain-{i}", i, options.Random, options.WritesAlone, clients[i % clients.Length]));
        }

        return histories;
    }

    private static async Task CheckAsync(LoadOptions options, List<ActorSystem> systems, List<FileHistory> histories, Verdict verdict)
    {
        var reader = await StartClientAsync(options, systems, Patience);
        var lie = options.Lie;
        foreach (var history in histories)
        {
            var fits = history is LogHistory == lie is Lie.Drop or Lie.Double or Lie.Damage;
            var found = verdict.Found;
            await history.CheckAsync(reader, fits ? lie : Lie.None, verdict);
            if (verdict.Found > found && options.Histories.Length > 0)
            {
                await File.WriteAllLinesAsync(Path.Combine(options.Histories, Path.GetFileName(history.Address)), history.Events);
            }

            lie = fits ? Lie.None : lie;
            verdict.Acked += history.Acked;
            verdict.WorstGap = Max(verdict.WorstGap, history.WorstGap);
            if (!options.Faulted.Contains(history.Disk))
            {
                verdict.OtherGap = Max(verdict.OtherGap, history.WorstGap);
            }
        }

        static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
    }
}
