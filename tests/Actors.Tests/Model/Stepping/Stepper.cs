using System.Diagnostics;

namespace AkkaAio.Tests.Model.Stepping;

/// <summary>
/// Runs everything that an actor system does one thing at a time, and chooses the next by a random number: the same seed gives the same
/// interleaving. What it runs may stand still in the midst (<see cref="Yield"/>) while other things run, as a thread may.
/// </summary>
/// <remarks>
/// The start and the end of a system are not played: then it is a thread that runs what comes in the order in which it comes.
/// <code>
/// free, resting ──► Play(seed) ──► stepping: one worker has the baton, all others wait ──► End ──► free
/// </code>
/// </remarks>
internal sealed class Stepper(Trace trace) : IDisposable
{
    // So much more likely than a source of weight 1 is each thing that is ready.
    public const int Unit = 16;

    // Far more than what a schedule ever needs between two replies.
    private const int MostIdleSteps = 200_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [ThreadStatic]
    private static Worker? s_current;

    private readonly object _lock = new();
    private readonly List<Action> _ready = [];
    private readonly List<Worker> _suspended = [];
    private readonly Stack<Worker> _idle = new();
    private readonly ManualResetEventSlim _ended = new();
    private StepSource[] _sources = [];
    private Random _random = new(0);
    private Exception? _failure;
    private int _yieldOneIn;
    private int _stepsSinceProgress;
    private long _runs;
    private bool _started;
    private bool _stepping;
    private bool _resting;
    private bool _disposed;

    /// <summary>Whether a seed chooses.</summary>
    public bool IsPlaying => Volatile.Read(ref _stepping);

    /// <summary>The thing that this thread runs: a number that no other has.</summary>
    public static long CurrentRun => s_current?.Runs ?? 0;

    /// <summary>The stepper that this thread runs something for; null: none does.</summary>
    public static Stepper? Current => s_current?.Stepper;

    /// <summary>Any thread: this is ready to run.</summary>
    public void Add(Action run)
    {
        lock (_lock)
        {
            if (_stepping && s_current?.Stepper != this)
            {
                Fail(new InvalidOperationException("a thread of its own has work for the system: nobody can replay that"));
            }

            _ready.Add(run);
            if (!_started)
            {
                _started = true;
                Start(assigned: null);
            }

            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Plays until a source calls <see cref="End"/>, and throws what anything has failed with.</summary>
    /// <param name="seed">Chooses.</param>
    /// <param name="yieldOneIn">How rarely a place where another could go on lets it.</param>
    /// <param name="sources">What happens besides what is ready.</param>
    public void Play(int seed, int yieldOneIn, params StepSource[] sources)
    {
        Rest();
        lock (_lock)
        {
            _random = new Random(seed);
            _yieldOneIn = yieldOneIn;
            _sources = sources;
            _stepping = true;
            Monitor.PulseAll(_lock);
        }

        var ended = _ended.Wait(Patience);
        if (_failure is not null || !ended)
        {
            throw _failure ?? new TimeoutException("a step does not come to its end");
        }
    }

    /// <summary>Waits until nothing is left to run.</summary>
    public void Rest()
    {
        var since = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            while (!(_resting && _ready.Count == 0 && _suspended.Count == 0))
            {
                if (!Monitor.Wait(_lock, Patience) || Stopwatch.GetElapsedTime(since) > Patience)
                {
                    throw new TimeoutException("the system does not come to rest");
                }
            }
        }
    }

    /// <summary>A step: the schedule is over.</summary>
    public void End()
    {
        lock (_lock)
        {
            _stepping = false;
            _ended.Set();
        }
    }

    /// <summary>Ends the schedule with the first failure.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure ??= failure;
            End();
        }
    }

    /// <summary>The schedule has come further: it does not hang.</summary>
    public void Progress() => _stepsSinceProgress = 0;

    /// <summary>Lets something else go on here, sometimes; if <paramref name="forced"/>, always.</summary>
    /// <remarks>Never where a lock is held: another thing that wants it would wait in earnest.</remarks>
    public void Yield(bool forced = false)
    {
        if (s_current is not { } me || me.Stepper != this)
        {
            return;
        }

        lock (_lock)
        {
            if (!forced && (!_stepping || _random.Next(_yieldOneIn) != 0))
            {
                return;
            }

            _suspended.Add(me);
            var (work, other) = Choose();
            if (other == me)
            {
                return;
            }

            if (other is null)
            {
                other = _idle.TryPop(out var idle) ? idle : null;
                if (other is null)
                {
                    Start(work);
                }
                else
                {
                    other.Assigned = work;
                }
            }

            other?.Baton.Release();
        }

        me.Baton.Wait();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Monitor.PulseAll(_lock);
            foreach (var worker in _idle)
            {
                worker.Baton.Release();
            }
        }
    }

    private void Start(Action? assigned) =>
        new Thread(Work) { IsBackground = true, Name = "stepper" }.Start(new Worker(this) { Assigned = assigned });

    private void Work(object? state)
    {
        var me = (Worker)state!;
        s_current = me;
        while (Next(me) is { } work)
        {
            me.Runs = ++_runs;
            try
            {
                work();
            }
            catch (Exception e)
            {
                Fail(e);
            }
        }
    }

    // With the baton. Null when all is over.
    private Action? Next(Worker me)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_disposed)
                {
                    return null;
                }

                if (me.Assigned is { } assigned)
                {
                    me.Assigned = null;
                    return assigned;
                }

                var (work, other) = Choose();
                if (work is not null)
                {
                    return work;
                }

                if (other is null)
                {
                    _resting = true;
                    Monitor.PulseAll(_lock);
                    Monitor.Wait(_lock);
                    _resting = false;
                    continue;
                }

                _idle.Push(me);
                other.Baton.Release();
            }

            me.Baton.Wait();
        }
    }

    // One of what is ready, or of those that stand still; neither, only when free.
    private (Action? Work, Worker? Other) Choose()
    {
        if (_stepping && ++_stepsSinceProgress > MostIdleSteps)
        {
            Fail(new TimeoutException($"no progress in {MostIdleSteps} steps"));
        }

        if (!_stepping)
        {
            return _suspended.Count > 0 ? (null, Take(_suspended, 0))
                : _ready.Count > 0 ? (Take(_ready, 0), null)
                : (null, null);
        }

        var total = (_ready.Count + _suspended.Count) * Unit;
        foreach (var source in _sources)
        {
            total += source.Weight();
        }

        var number = _random.Next(total);
        var index = number / Unit;
        if (index < _ready.Count)
        {
            trace.Add('r', index);
            return (Take(_ready, index), null);
        }

        index -= _ready.Count;
        if (index < _suspended.Count)
        {
            trace.Add('s', index);
            return (null, Take(_suspended, index));
        }

        number -= (_ready.Count + _suspended.Count) * Unit;
        index = 0;
        while (number >= _sources[index].Weight())
        {
            number -= _sources[index++].Weight();
        }

        trace.Add('c', index);
        return (_sources[index].Step, null);
    }

    private static T Take<T>(List<T> list, int index)
    {
        var taken = list[index];
        list.RemoveAt(index);
        return taken;
    }

    private sealed class Worker(Stepper stepper)
    {
        public Stepper Stepper => stepper;

        public SemaphoreSlim Baton { get; } = new(0);

        public Action? Assigned { get; set; }

        public long Runs { get; set; }
    }
}

/// <summary>What may happen in a schedule besides what the actors have to do.</summary>
/// <param name="Weight">How likely it is now, <see cref="Stepper.Unit"/> for as likely as one thing that is ready; 0 for never.</param>
/// <param name="Step">Does it.</param>
internal sealed record StepSource(Func<int> Weight, Action Step);
