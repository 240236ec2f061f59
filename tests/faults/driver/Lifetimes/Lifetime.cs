using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>An actor system from its start to its end, which comes while its workers go on.</summary>
internal sealed class Lifetime
{
    private const int MostCrashes = 3; // behind them a shard closes for seconds

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Engines = ["linux-aio", "linux-aio", "io-uring", "thread-pool", "posix-aio"];

    private readonly Ingredients _ingredients;
    private readonly int _workers;
    private readonly long _steps;
    private readonly string _description;
    private long _taken;
    private int _crashes;
    private int _owners;
    private bool _hasEnded;

    public Lifetime(int seed, PatternFile[] patterns, Ingredients ingredients, Findings findings)
    {
        (Seed, Patterns, Findings, _ingredients) = (seed, patterns, findings, ingredients);
        var random = new Random(seed);
        var engine = Engines[random.Next(Engines.Length)];
        var epoll = engine is "linux-aio" or "io-uring" && random.Next(3) == 0;
        _workers = random.Next(2, 9);
        _steps = random.Next(4) == 0 ? random.Next(20) : random.Next(2000);
        Listens = random.Next(2) == 0;
        var ownThread = !epoll && random.Next(3) == 0;
        _description =
            $"engine = {engine}, shards = {random.Next(1, 4)}, shard-by = {(random.Next(2) == 0 ? "file" : "stripe")}, " +
            $"stripe-size = 64 KiB, depth = {1 << random.Next(1, 7)}, max-queue-size = {1 << random.Next(3, 10)}, " +
            $"reap.wait = {(epoll ? "epoll" : "getevents")}, reap.thread = {(ownThread ? "own" : "shard")}, drain-timeout = 30 s, " +
            $"buffer-pool.budget = {(random.Next(4) == 0 ? 2 : 64)} MiB";
        var undrained = Has(Ingredients.Undrained) && random.Next(3) == 0;
        System = (ExtendedActorSystem)ActorSystem.Create("lifetime", ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = DEBUG, stdout-loglevel = OFF, loggers = [], log-dead-letters = off
              coordinated-shutdown { run-by-clr-shutdown-hook = off, run-by-actor-system-terminate = {{(undrained ? "off" : "on")}} }
              io.aio { {{_description}} }
            }
            """));
        Aio = AioExt.Get(System);
        _description += undrained ? ", no drain" : "";
    }

    public int Seed { get; }

    public PatternFile[] Patterns { get; }

    public Findings Findings { get; }

    public ExtendedActorSystem System { get; }

    public AioExt Aio { get; }

    public OpenFiles Files { get; } = new();

    /// <summary>Whether a listener to its metrics and a subscriber to its log are there.</summary>
    public bool Listens { get; }

    /// <summary>How long Terminate took.</summary>
    public TimeSpan EndTook { get; private set; }

    public bool HasEnded => Volatile.Read(ref _hasEnded);

    public long Steps => Volatile.Read(ref _taken);

    public bool Has(Ingredients ingredient) => _ingredients.HasFlag(ingredient);

    public void StepTaken() => Interlocked.Increment(ref _taken);

    public AioBuffer? TryRent(int length)
    {
        try
        {
            return Aio.Pool.TryRent(length);
        }
        catch (ObjectDisposedException)
        {
            return null; // the system has ended
        }
    }

    public IActorRef? NewOwner()
    {
        try
        {
            return System.ActorOf(Props.Create(() => new Owner()), $"owner-{Interlocked.Increment(ref _owners)}");
        }
        catch (InvalidOperationException)
        {
            return null; // the system is ending
        }
    }

    public void CrashShard(Random random)
    {
        if (Interlocked.Increment(ref _crashes) <= MostCrashes)
        {
            System.ActorSelection($"/system/aio/shard-{random.Next(Aio.Settings.Shards)}").Tell(Kill.Instance);
        }
    }

    /// <summary>Lives, and ends in the midst of it.</summary>
    public async Task RunAsync()
    {
        using var troubles = new Troubles(this);
        var workers = Enumerable.Range(0, _workers).Select(number => new Worker(this, number)).ToArray();
        var running = Task.WhenAll(workers.Select(worker => Task.Run(worker.RunAsync)));
        var watch = Stopwatch.StartNew();
        while (Steps < _steps && watch.Elapsed < Patience && !running.IsCompleted)
        {
            await Task.Delay(1);
        }

        watch.Restart();
        await BoundedAsync(System.Terminate(), "the system does not end");
        EndTook = watch.Elapsed;
        Volatile.Write(ref _hasEnded, true);
        await BoundedAsync(running, "the workers do not end");
        await Task.WhenAll(workers.Select(worker => worker.CheckAsync()));
        for (watch.Restart(); Aio.Pool.RentedBuffers > 0 && watch.Elapsed < Patience;)
        {
            await Task.Delay(10);
        }

        if (Aio.Pool.RentedBuffers > 0)
        {
            Findings.Add($"{Aio.Pool.RentedBuffers} buffers have not come back");
        }
    }

    /// <summary>What AkkaAio has logged as an error.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    public override string ToString() =>
        $"{_description}; {_workers} workers, ends after {_steps} steps; its end took {EndTook.TotalSeconds:f1} s" +
        string.Concat(Errors.TakeLast(5).Select(error => $"\n    logged: {error}"));

    private async Task BoundedAsync(Task task, string otherwise)
    {
        try
        {
            await task.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            Findings.Add(otherwise);
        }
        catch (Exception e)
        {
            Findings.Add(e.ToString());
        }
    }

    private sealed class Owner : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
