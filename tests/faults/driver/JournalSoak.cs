using System.Diagnostics;
using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.FaultDriver;

/// <summary>
/// Persistent actors that persist, save snapshots and delete what is behind them, for a while, with whole systems started anew: each
/// recovers what was acknowledged; memory, descriptors, threads and the store's folder stay as large as they were.
/// </summary>
internal static class JournalSoak
{
    private const int Actors = 256;
    private const int SegmentMiB = 4;

    public static async Task<int> RunAsync(string folder, TimeSpan time, double? seconds)
    {
        var watch = Stopwatch.StartNew();
        var round = TimeSpan.FromSeconds(seconds ?? Math.Clamp(time.TotalSeconds / 12, 2, 20));
        var figures = new List<(ProcessFigures Process, long DiskMiB)>();
        var ended = new List<WeakReference>();
        var accounts = Enumerable.Range(0, Actors).Select(number => new Account($"account-{number}")).ToArray();
        while (watch.Elapsed < time || figures.Count < 6)
        {
            ended.Add(await RoundAsync(folder, round, accounts));
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(1500); // the dispatchers' threads end a second after their last actor
            var disk = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length) >> 20;
            figures.Add((ProcessFigures.Read(), disk));
            Console.WriteLine(
                $"{watch.Elapsed:mm\\:ss} events {accounts.Sum(account => account.Acknowledged)} " +
                $"snapshots {accounts.Sum(account => account.Snapshots)} deletes {accounts.Sum(account => account.Deletes)} " +
                $"wrong {Wrong(accounts)} disk {disk} MiB, {ended.Count(system => system.IsAlive)} ended systems alive, heap " +
                $"{GC.GetTotalMemory(false) >> 10} of {GC.GetGCMemoryInfo().TotalCommittedBytes >> 10} KiB, {figures[^1].Process}");
        }

        foreach (var problem in accounts.SelectMany(account => account.Problems).Take(10))
        {
            Console.WriteLine(problem);
        }

        // After warm-up: the last third against the second.
        var third = figures.Count / 3;
        var middle = figures.Skip(third).Take(third).ToArray();
        var last = figures.TakeLast(third).ToArray();
        var grown = last.Average(f => f.Process.ResidentKiB) - middle.Average(f => f.Process.ResidentKiB);
        var disks = (Before: middle.Max(f => f.DiskMiB), After: last.Max(f => f.DiskMiB));
        var isFlat = last.Max(f => f.Process.Contexts) == 0 &&
                     last.Max(f => f.Process.Descriptors) <= middle.Max(f => f.Process.Descriptors) + 2 &&
                     last.Max(f => f.Process.Threads) <= middle.Max(f => f.Process.Threads) + 3 &&
                     grown < 32 * 1024 && disks.After <= disks.Before + (4 * SegmentMiB);
        var isUsed = accounts.All(account => account is { Snapshots: > 0, Deletes: > 0 });
        var isGood = isFlat && isUsed && Wrong(accounts) == 0;
        Console.WriteLine(
            $"journal soak {(isGood ? "ok" : "FAILED")}: from the middle third to the last resident {grown / 1024:+0.0;-0.0} MiB, " +
            $"disk {disks.Before} to {disks.After} MiB");
        return isGood ? 0 : 1;
    }

    private static int Wrong(Account[] accounts) => accounts.Sum(account => account.Problems.Count);

    private static async Task<WeakReference> RoundAsync(string folder, TimeSpan time, Account[] accounts)
    {
        var system = ActorSystem.Create("soak", $$"""
            akka { loglevel = OFF, stdout-loglevel = OFF } # what is under way at the end of a system fails, and is logged
            akka.persistence.journal {
              plugin = "akka.persistence.journal.aio", aio.class = "AkkaAio.Persistence.AioJournal, AkkaAio.Persistence"
            }
            akka.persistence.snapshot-store {
              plugin = "akka.persistence.snapshot-store.aio", aio.class = "AkkaAio.Persistence.AioSnapshotStore, AkkaAio.Persistence"
            }
            akka.persistence.aio-store { dir = "{{folder}}", segment-size = {{SegmentMiB}} MiB }
            """);
        var actors = accounts.Select(account => system.ActorOf(Props.Create(() => new Depositor(account)))).ToArray();
        await Task.WhenAll(actors.Select(actor => actor.Ask<string>("recovered?", TimeSpan.FromMinutes(2))));
        foreach (var actor in actors)
        {
            actor.Tell("go");
        }

        await Task.Delay(time);
        Array.ForEach(accounts, account => account.IsEnding = true);
        await system.Terminate(); // amid it all
        Array.ForEach(accounts, account => account.IsEnding = false);
        return new WeakReference(system);
    }

    /// <summary>What is known of an actor outside of it. One actor at a time writes it.</summary>
    private sealed class Account(string id)
    {
        public string Id => id;

        /// <summary>Failures are right then.</summary>
        public bool IsEnding { get; set; }

        public long Acknowledged { get; set; }

        public long Snapshots { get; set; }

        public long Deletes { get; set; }

        public List<string> Problems { get; } = [];
    }

    /// <summary>Each event adds its own sequence number, so that a sum tells whether all of them were replayed once.</summary>
    private sealed class Depositor : UntypedPersistentActor
    {
        private const int EventsOfASnapshot = 50;

        private readonly Account _account;
        private long _sum;
        private int _expected;
        private long _snapshotAt;

        public Depositor(Account account) => _account = account;

        public override string PersistenceId => _account.Id;

        protected override void OnCommand(object message)
        {
            switch (message)
            {
                case "recovered?":
                    Sender.Tell("recovered");
                    break;
                case "go":
                    var first = LastSequenceNr + 1;
                    _expected = (int)(first % 4) + 1;
                    var filler = new string('x', (int)(first % 300));
                    PersistAll(Enumerable.Range(0, _expected).Select(i => $"{first + i} {filler}"), OnPersisted);
                    break;
                case SaveSnapshotSuccess saved:
                    _account.Snapshots++;
                    DeleteMessages(saved.Metadata.SequenceNr);
                    DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1));
                    break;
                case DeleteMessagesSuccess:
                    _account.Deletes++;
                    break;
                case DeleteSnapshotsSuccess:
                    break;
                case SaveSnapshotFailure or DeleteMessagesFailure or DeleteSnapshotsFailure when !_account.IsEnding:
                    _account.Problems.Add($"{PersistenceId}: {message}");
                    break;
            }
        }

        protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
        {
            if (!_account.IsEnding)
            {
                _account.Problems.Add($"{PersistenceId}: event {sequenceNr} was not persisted: {cause.Message}");
            }
        }

        protected override void OnRecover(object message)
        {
            switch (message)
            {
                case SnapshotOffer { Snapshot: string sum, Metadata.SequenceNr: var nr }:
                    (_sum, _snapshotAt) = (long.Parse(sum), nr);
                    break;
                case string deposit:
                    Add(deposit);
                    break;
                case RecoveryCompleted when LastSequenceNr < _account.Acknowledged || _sum != LastSequenceNr * (LastSequenceNr + 1) / 2:
                    _account.Problems.Add(
                        $"{PersistenceId}: {LastSequenceNr} events, {_account.Acknowledged} were acknowledged; sum {_sum}, snapshot at " +
                        $"{_snapshotAt}");
                    break;
            }
        }

        private void OnPersisted(string deposit)
        {
            Add(deposit);
            _account.Acknowledged = LastSequenceNr;
            if (--_expected > 0)
            {
                return;
            }

            if (LastSequenceNr - _snapshotAt >= EventsOfASnapshot)
            {
                _snapshotAt = LastSequenceNr;
                SaveSnapshot($"{_sum}");
            }

            Self.Tell("go");
        }

        private void Add(string deposit) => _sum += long.Parse(deposit.AsSpan(0, deposit.IndexOf(' ')));
    }
}
