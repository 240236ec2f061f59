using System.Diagnostics;
using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.Benchmarks.Journals;

/// <summary>What was measured of one load.</summary>
/// <param name="EventsASecond">Acknowledged events.</param>
/// <param name="CpuOfAnEvent">Of the whole process.</param>
/// <param name="BytesOfAnEvent">Allocated, by all of the process.</param>
internal readonly record struct JournalFigures(double EventsASecond, TimeSpan CpuOfAnEvent, double BytesOfAnEvent);

/// <summary>Persistent actors that each persist an event of 100 bytes, or several with PersistAll, again and again.</summary>
internal static class PersistentLoad
{
    /// <summary>Lets actors persist for a time.</summary>
    public static async Task<JournalFigures> RunAsync(ActorSystem system, int actors, int atOnce, TimeSpan warmUp, TimeSpan time)
    {
        var run = new Run(atOnce);
        var all = Enumerable.Range(0, actors)
            .Select(i => system.ActorOf(Props.Create<Persister>($"{run.Id}-{i}", run))).ToArray();
        await Task.WhenAll(all.Select(actor => actor.Ask<Ready>(new GetReady(), TimeSpan.FromMinutes(2))));
        foreach (var actor in all)
        {
            actor.Tell(new Go());
        }

        await Task.Delay(warmUp);
        var (events, cpu, bytes, start) =
            (run.Events, Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp());
        await Task.Delay(time);
        var took = Stopwatch.GetElapsedTime(start);
        var (count, cpuTook, allocated) = (run.Events - events, Environment.CpuUsage.TotalTime - cpu, GC.GetTotalAllocatedBytes() - bytes);
        run.IsStopped = true;
        await Task.WhenAll(all.Select(actor => actor.GracefulStop(TimeSpan.FromMinutes(2), new GetReady())));
        return new JournalFigures(count / took.TotalSeconds, cpuTook / Math.Max(1, count), (double)allocated / Math.Max(1, count));
    }

    /// <summary>Stores events, each actor so many.</summary>
    public static async Task StoreAsync(ActorSystem system, int actors, int events)
    {
        var run = new Run(100);
        var all = Enumerable.Range(0, actors).Select(i => system.ActorOf(Props.Create<Persister>($"stored-{i}", run))).ToArray();
        await Task.WhenAll(all.Select(actor => actor.Ask<Ready>(new Store(events), TimeSpan.FromMinutes(10))));
    }

    /// <summary>Opens the journal by an actor without events, then recovers those with events.</summary>
    /// <returns>How long it took to open, and the events a second after that.</returns>
    public static async Task<(TimeSpan Open, double EventsASecond)> RecoverAsync(ActorSystem system, int actors, int events)
    {
        var (run, start) = (new Run(1), Stopwatch.GetTimestamp());
        var first = system.ActorOf(Props.Create<Persister>($"none-{run.Id}", run));
        await first.Ask<Ready>(new GetReady(), TimeSpan.FromMinutes(10));
        var open = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        var all = Enumerable.Range(0, actors).Select(i => system.ActorOf(Props.Create<Persister>($"stored-{i}", run))).ToArray();
        var recovered = await Task.WhenAll(all.Select(actor => actor.Ask<Ready>(new GetReady(), TimeSpan.FromMinutes(10))));
        var took = Stopwatch.GetElapsedTime(start);
        return recovered.All(ready => ready.Recovered == events)
            ? (open, (long)actors * events / took.TotalSeconds)
            : throw new InvalidOperationException(
                $"recovered {recovered.Sum(ready => (long)ready.Recovered)} events of {(long)actors * events}");
    }

    private sealed class Run(int atOnce)
    {
        private long _events;

        public string Id { get; } = Guid.NewGuid().ToString("N")[..8];

        public int AtOnce => atOnce;

        public volatile bool IsStopped;

        public long Events => Interlocked.Read(ref _events);

        public void Count(int events) => Interlocked.Add(ref _events, events);
    }

    private sealed record Go;

    private sealed record GetReady;

    private sealed record Store(int Events);

    private sealed record Ready(int Recovered);

    private sealed class Persister : UntypedPersistentActor
    {
        private static readonly byte[] OneEvent = new byte[100];

        private readonly Run _run;
        private readonly object[] _events;
        private IActorRef? _storeFor;
        private int _recovered;
        private int _left;
        private int _inBatch;

        public Persister(string id, Run run)
        {
            (PersistenceId, _run) = (id, run);
            _events = [.. Enumerable.Repeat(OneEvent, run.AtOnce)];
        }

        public override string PersistenceId { get; }

        protected override void OnCommand(object message)
        {
            switch (message)
            {
                case GetReady when _run.IsStopped:
                    Context.Stop(Self);
                    break;
                case GetReady:
                    Sender.Tell(new Ready(_recovered));
                    break;
                case Store store:
                    (_storeFor, _left) = (Sender, store.Events);
                    PersistNext();
                    break;
                case Go when !_run.IsStopped:
                    PersistNext();
                    break;
            }
        }

        protected override void OnRecover(object message) => _recovered += message is byte[]? 1 : 0;

        private void PersistNext()
        {
            _inBatch = _run.AtOnce;
            if (_run.AtOnce == 1)
            {
                Persist(OneEvent, _ => Persisted());
            }
            else
            {
                PersistAll(_events, _ => Persisted());
            }
        }

        private void Persisted()
        {
            if (--_inBatch > 0)
            {
                return;
            }

            _run.Count(_run.AtOnce);
            if (_storeFor is null)
            {
                Self.Tell(new Go());
            }
            else if ((_left -= _run.AtOnce) > 0)
            {
                PersistNext();
            }
            else
            {
                _storeFor.Tell(new Ready(0));
            }
        }
    }
}
