using System.Diagnostics;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Engines;
using AkkaAio.Files;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.ThreadPool;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;
using AkkaAio.Routing;
using AkkaAio.Shards;
using AkkaAio.Shards.Reaping;
using AkkaAio.Tasks;
using AkkaAio.Telemetry;

namespace AkkaAio;

/// <summary>The extension: one per actor system, made at the first <c>system.Aio()</c>.</summary>
public sealed partial class AioExt : IExtension
{
    private readonly IIoEngine _engine;
    private readonly MessageDispatcher _blockingDispatcher;
    private readonly IActorRef _manager;
    private readonly int _depth;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly LostMessages _lost;
    private readonly object _shardEnds = new();

    // Stopwatch ticks; 0: no shutdown is running. One word: reapers read what the shutdown writes.
    private long _drainDeadline;
    private bool _refuses;
    private int _openFiles;

    internal AioExt(ExtendedActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(AioSettings.DefaultConfig());
        system.Settings.InjectTopLevelFallback(AioMailbox.ToConfig());
        System = system;
        Log = new SafeLog(Logging.GetLogger(system, typeof(AioExt)));
        Settings = MemoryBudget.Fit(AioSettings.Create(system.Settings.Config), MemoryBudget.Available, Log);
        FileSizeSignal.Ignore();
        Pool = new AioBufferPool(Settings.BufferBudget)
        {
            Leaked = new BurstLog((count, bytes, first) => Log.Warning(
                count == 1
                    ? "a buffer of {1} bytes was never disposed; it came from {2}"
                    : "{0} buffers of {1} bytes in all were never disposed; one of them came from {2}",
                count, bytes, BufferOrigin.Describe(first))).Add,
        };
        var setup = system.Settings.Setup.Get<AioSetup>() is { HasValue: true } given ? given.Value : null;
        ForgottenFile = setup?.ForgottenFile;
        if (setup?.ForgottenBuffer is { } forgotten)
        {
            Pool.Leaked += (length, origin) => forgotten($"a buffer of {length} bytes of {BufferOrigin.Describe(origin)}");
        }

        ForgottenFiles = new ForgottenFiles(this);
        var start = new EngineStart(system, Settings, Log);
        _ = start.Dispatcher("reaper");
        _blockingDispatcher = start.Dispatcher("blocking");
        ShardThreads = new ShardThread[Settings.Shards];
        for (var i = 0; i < Settings.Shards; i++)
        {
            var dispatcher = start.Dispatcher("shard");
            system.Dispatchers.RegisterConfigurator(ShardDispatcher(i), new OneDispatcherConfigurator(dispatcher));
            ShardThreads[i] = new ShardThread(dispatcher, Log);
        }

        ((_engine, EngineReason, EngineIsFallback), (_depth, Shards)) = start.Open();
        try
        {
            EpollReaper = Settings.Reap.Wait == AioSettings.ReapWait.Epoll ? new EpollReaper(Log) : null;
            Meter = new AioMeter(this);
            foreach (var shard in Shards)
            {
                shard.Telemetry = new ShardTelemetry(Meter, shard);
                shard.Loop = new ShardLoop(this, shard);
            }

            _manager = system.SystemActorOf(Props.Create(() => new AioManager(this)).WithMailbox(AioMailbox.Id), "aio");
            Ref = new AioRef(this, _manager);
            TaskPath = _manager.Path / "task";
            _lost = LostMessages.Subscribe(this);
            foreach (var shard in Shards)
            {
                shard.Lost = _lost;
            }

            CoordinatedShutdown.Get(system).AddTask(
                CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "akka-aio-drain", DrainAsync);
        }
        catch
        {
            GiveBack();
            throw;
        }
    }

    /// <summary>The name of the meter, System.Diagnostics.Metrics: docs/telemetry.md lists its instruments.</summary>
    public const string MeterName = "AkkaAio";

    /// <summary>The configuration, checked; <c>buffer-pool.budget</c> as it fits into the process's memory.</summary>
    public AioSettings Settings { get; }

    /// <summary>The name of the engine that is used: <c>engine</c>, or what auto has chosen.</summary>
    public string EngineName => _engine.Name;

    /// <summary>Why this one, in words: with auto, what kept it from the engine that it would rather have.</summary>
    public string EngineReason { get; }

    /// <summary><c>engine = auto</c>, and not the engine that it would rather have: see <see cref="EngineReason"/>.</summary>
    public bool EngineIsFallback { get; }

    /// <summary>Operations that each context may have in flight: <c>depth</c>, or less where <c>fs.aio-max-nr</c> left less.</summary>
    public int Depth => _depth;

    /// <summary>Aligned memory, for <see cref="Aio.Write"/> and <see cref="Aio.ReadInto"/> without a copy.</summary>
    public AioBufferPool Pool { get; }

    /// <summary>What <c>system.Aio()</c> gives.</summary>
    public IActorRef Ref { get; }

    /// <summary>Since the extension was made.</summary>
    internal TimeSpan Uptime => Stopwatch.GetElapsedTime(_startedAt);

    internal ExtendedActorSystem System { get; }

    internal ILoggingAdapter Log { get; }

    internal IActorRef Manager => _manager;

    internal Shard[] Shards { get; }

    /// <summary>Where code that awaits can go, by the shard's index.</summary>
    internal ShardThread[] ShardThreads { get; }

    internal AioMeter Meter { get; }

    /// <summary>With <c>reap.wait = epoll</c>: the thread that waits for all shards.</summary>
    internal EpollReaper? EpollReaper { get; }

    /// <summary>As <see cref="IIoEngine.Capacity"/>.</summary>
    internal (long Free, long Max)? Capacity => _engine.Capacity;

    /// <summary>What the contexts have reserved of it.</summary>
    internal long ReservedOperations => Shards.Length * _engine.CapacityOf(_depth);

    /// <summary>
    /// A kernel that takes nothing for so long, with nothing in flight that could make room, will not: the commands fail typed. Tests make
    /// it short.
    /// </summary>
    internal TimeSpan PatienceWithKernel { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>As <see cref="AioSetup.ForgottenFile"/>.</summary>
    internal Action<string>? ForgottenFile { get; }

    internal ForgottenFiles ForgottenFiles { get; }

    /// <summary>Files whose descriptors are open.</summary>
    internal int OpenFiles => Volatile.Read(ref _openFiles);

    /// <summary>The path of the refs behind the Task façade.</summary>
    internal ActorPath TaskPath { get; }

    /// <summary>Set by the shutdown: from then on every new command is refused.</summary>
    internal bool Refuses => Volatile.Read(ref _refuses);

    /// <summary>Until when a stopping shard waits: the shutdown's deadline if one is running, else its own from now.</summary>
    internal Deadline DrainDeadline =>
        Volatile.Read(ref _drainDeadline) is not 0 and var timestamp ? new Deadline(timestamp) : Deadline.In(Settings.DrainTimeout);

    /// <summary>The extension of a system; opens the contexts at the first call.</summary>
    /// <exception cref="AioConfigurationException">The configuration is wrong; names the key.</exception>
    /// <exception cref="AioContextException">The kernel gives no context; says what to change.</exception>
    public static AioExt Get(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return system.WithExtension<AioExt, Aio>();
    }

    /// <summary>Opens a file for code that is no actor. It has no owner unless the options name one: dispose it.</summary>
    /// <exception cref="AioException">The file cannot be opened as asked.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a file that was opened all the same is closed again.</exception>
    public async Task<AioFile> OpenAsync(string path, AioOpenOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var reply = new TaskCompletionSource<Aio.Event>(TaskCreationOptions.RunContinuationsAsynchronously);
        Ref.Tell(new Aio.Open(path, options), new OpenReplyRef(this, reply));
        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<Aio.Event>)state!).TrySetCanceled(token), reply);
        return await reply.Task.ConfigureAwait(false) switch
        {
            Aio.Opened opened => opened.File,
            Aio.CommandFailed failed => throw failed.Cause,
            var other => throw new InvalidOperationException($"unexpected reply to Open: {other}"),
        };
    }

    /// <summary>
    /// The id of the dispatcher that is the thread of a shard: an actor with <c>Props.WithDispatcher</c> of it runs there.
    /// </summary>
    /// <param name="shard">0 to <c>Settings.Shards</c> - 1.</param>
    /// <remarks>
    /// For actors that do little but I/O on that shard, and never block: commands and replies then change no thread, which costs more
    /// than all the rest of an operation. While such an actor is busy its shard is not.
    /// </remarks>
    public string ShardDispatcher(int shard)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, Settings.Shards);
        return $"{AioSettings.DispatcherId("shard")}.{shard}";
    }

    /// <summary>The system ends: one deadline for all that waits, also where no coordinated shutdown has set it.</summary>
    internal Deadline BeginEnd()
    {
        Interlocked.CompareExchange(ref _drainDeadline, Deadline.In(Settings.DrainTimeout).Timestamp, 0);
        return DrainDeadline;
    }

    /// <summary>Everything that a shard owed has been answered.</summary>
    internal void OnShardEnded(Shard shard)
    {
        lock (_shardEnds)
        {
            shard.HasEnded = true;
            Monitor.PulseAll(_shardEnds);
        }

        ShardThreads[shard.Index].End();
    }

    /// <summary>Blocks until a shard ends, or this long.</summary>
    internal void AwaitShardEnd(TimeSpan time)
    {
        lock (_shardEnds)
        {
            if (!Shards.All(shard => shard.HasEnded))
            {
                Monitor.Wait(_shardEnds, time);
            }
        }
    }

    /// <summary>Tells the manager.</summary>
    internal void TellManager(object message, IActorRef? sender)
    {
        var delivered = LostMessages.Delivered;
        _manager.Tell(message, sender);
        if (LostMessages.Delivered == delivered && AkkaInternals.IsGone(_manager))
        {
            _lost.Missed(message, sender);
        }
    }

    /// <summary>A message of a mailbox of ours that its actor has left, and that a subscriber to dead letters has thrown at.</summary>
    internal void MissedInMailbox(object message, IActorRef? sender) => _lost?.Missed(message, sender); // null: the start has failed

    /// <summary>From now on every new command is refused.</summary>
    internal void Refuse() => Volatile.Write(ref _refuses, true);

    internal IIoContext CreateContext() => _engine.CreateContext(_depth);

    internal void CountOpenFile(int change) => Interlocked.Add(ref _openFiles, change);

    /// <summary>Blocking thread: opens a file.</summary>
    internal AioFile Open(Aio.Open open, IActorRef requester)
    {
        var handle = OpenFile(open);
        try
        {
            return new AioFile(this, handle, open.Options, requester is OpenReplyRef ? "AioExt.OpenAsync" : requester.Path.ToString());
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private IIoFile OpenFile(Aio.Open open)
    {
        try
        {
            return OpenHandle(open);
        }
        catch (AioSystemException e) when (e.Errno is Errno.EMFILE or Errno.ENFILE)
        {
            if (!ForgottenFiles.Collect()) // perhaps some are garbage that no collection has found
            {
                throw;
            }

            return OpenHandle(open);
        }
    }

    private IIoFile OpenHandle(Aio.Open open) =>
        open.Options.Refusal is { } refusal ? throw new AioArgumentException(refusal, open.Name, open.Path)
        : open.Options.Shard is { } shard && (uint)shard >= (uint)Settings.Shards
            ? throw new AioArgumentException(
                $"Shard is {shard}, and this system has the shards 0 to {Settings.Shards - 1}", open.Name, open.Path)
        : _engine.Open(open.Path, open.Options.ToFileOptions());

    /// <summary>The names of the files.</summary>
    internal IFileNames Names => _engine.Names;

    /// <summary>Whether a file's reads and writes go to the context; else to the blocking dispatcher.</summary>
    internal bool Submits(AioFile file) => !file.IsOnThreads && (file.IsDirect || _engine.TakesBuffered);

    /// <summary>Runs a blocking call on the blocking dispatcher. The action tells its result to somebody, and does not throw.</summary>
    internal void RunBlocking(Action action) => _blockingDispatcher.Schedule(action);

    /// <summary>What a blocking call threw; null for success. Anything but a typed error is wrapped into one.</summary>
    internal static Exception? ErrorOf(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (AioException e)
        {
            return e;
        }
        catch (Exception e)
        {
            return new AioException(e.Message, e);
        }
    }

    /// <summary>Whether an Open asks for the blocking dispatcher, and the engine has no blocking threads of its own.</summary>
    internal bool IsOnThreads(AioOpenOptions options) => options.OnBlockingThreads && EngineName != ThreadPoolEngine.EngineName;

    // The start has failed with the contexts open. Nobody will call the end of this system's I/O.
    private void GiveBack()
    {
        if (_manager is not null)
        {
            System.Stop(_manager); // its end closes everything
            return;
        }

        Parallel.ForEach(Shards, shard => shard.TakeFirstContext()?.Dispose());
        EpollReaper?.Dispose();
        Meter?.Dispose();
        Pool.Dispose();
    }

    private async Task<Akka.Done> DrainAsync()
    {
        Refuse();
        Volatile.Write(ref _drainDeadline, Deadline.In(Settings.DrainTimeout).Timestamp);
        try
        {
            await _manager.Ask<Akka.Done>(Drain.Instance, Settings.DrainTimeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            Log.Warning("not everything in flight was done within akka.io.aio.drain-timeout = {Time}", Settings.DrainTimeout);
        }

        // A reaper that waits for what will not come sees its Stop only after reap.timeout.
        foreach (var shard in Shards)
        {
            shard.Context?.RequestStop();
        }

        return Akka.Done.Instance;
    }
}
