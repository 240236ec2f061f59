using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Actor.Setup;
using AkkaAio.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Support;

/// <summary>
/// An actor system on one of the engines. After each test it is terminated, and nothing may be left: no context, no open file, no
/// rented or forgotten buffer.
/// </summary>
public abstract class AioTestKit : Akka.TestKit.Xunit2.TestKit
{
    /// <summary>Aligned for every file system.</summary>
    protected const int Block = 4096;

    /// <summary>One thread reaps for all shards.</summary>
    protected const string ByEpoll = "akka.io.aio.reap.wait = epoll";

    private const string Defaults = """
        akka {
          loglevel = WARNING
          log-dead-letters = off
          test.single-expect-default = 20s
          test.default-timeout = 30s
          io.aio {
            engine = linux-aio
            shards = 1
            depth = 64
          }
        }
        """;

    private readonly ConcurrentQueue<string> _leaks = new();
    private readonly Lazy<AioExt> _ext;
    private readonly Lazy<Replies> _replies;
    private AioTestDisk? _rules;
    private string? _folder;
    private int _files;

    private protected AioTestKit(EngineKind kind, string hocon, ITestOutputHelper output, MemoryEngine? engine = null)
        : this(kind, hocon, output, engine ?? new MemoryEngine(), actorSystemName: null)
    {
    }

    private AioTestKit(
        EngineKind kind, string hocon, ITestOutputHelper output, MemoryEngine engine, string? actorSystemName)
        : base(SetupOf(kind, engine, hocon), actorSystemName, output)
    {
        Kind = kind;
        Engine = engine;
        var whyNot = EngineAvailable.WhyNot(kind);
        Skip.If(whyNot is not null, whyNot);

        _replies = new Lazy<Replies>(() => new Replies(Sys));
        _ext = new Lazy<AioExt>(() =>
        {
            var ext = AioExt.Get(Sys);
            ext.Pool.Leaked = (length, origin) => _leaks.Enqueue($"{length} bytes of {origin}");
            return ext;
        });
    }

    protected EngineKind Kind { get; }

    /// <summary>The engine; meaningful with <see cref="EngineKind.Memory"/>.</summary>
    private protected MemoryEngine Engine { get; }

    /// <summary>Rules for the engine, as users have them, from the first look at this on. Its own scripts go before them.</summary>
    protected AioTestDisk Rules => _rules ??= new AioTestDisk(Engine);

    protected AioExt Ext => _ext.Value;

    /// <summary>What <c>system.Aio()</c> gives.</summary>
    protected IActorRef Disk => Ext.Ref;

    protected AioBufferPool Pool => Ext.Pool;

    protected Replies Replies
    {
        get
        {
            _ = Ext;
            return _replies.Value;
        }
    }

    /// <summary>Set by a test that abandons operations on purpose: contexts, files and buffers stay.</summary>
    protected bool Abandons { get; set; }

    internal static ActorSystemSetup SetupOf(EngineKind kind, MemoryEngine engine, string hocon)
    {
        var setup = BootstrapSetup.Create().WithConfig(
            ConfigOf(string.Join(
                '\n',
                kind == EngineKind.Memory ? "" : $"akka.io.aio.engine = {NameOf(kind)}",
                kind == EngineKind.LinuxAioEpoll ? ByEpoll : "",
                hocon)));
        return kind == EngineKind.Memory ? setup.And(new AioSetup(engine)) : ActorSystemSetup.Create(setup);
    }

    /// <summary>The engine's name: in the configuration too, but for the in-memory one.</summary>
    internal static string NameOf(EngineKind kind) => kind switch
    {
        EngineKind.LinuxAio or EngineKind.LinuxAioEpoll => "linux-aio",
        EngineKind.IoUring => "io-uring",
        EngineKind.PosixAio => "posix-aio",
        EngineKind.ThreadPool => "thread-pool",
        _ => "memory",
    };

    internal static Akka.Configuration.Config ConfigOf(string hocon) =>
        Akka.Configuration.ConfigurationFactory.ParseString(hocon)
            .WithFallback(Akka.Configuration.ConfigurationFactory.ParseString(Defaults));

    /// <summary>The cell of an actor below <c>/system/aio</c>.</summary>
    protected async Task<ActorCell> CellOf(string actor)
    {
        await Sys.ActorSelection($"/system/aio/{actor}").ResolveOne(Patience.Long); // it is there
        return (ActorCell)((ActorRefWithCell)((IInternalActorRef)Ext.Manager).GetChild(actor.Split('/'))).Underlying;
    }

    protected string NewPath()
    {
        var name = $"{++_files}.dat";
        if (Kind == EngineKind.Memory)
        {
            return $"/memory/{name}";
        }

        _folder ??= Directory.CreateDirectory(Path.Combine(EngineAvailable.Root, $"akka-aio-{Guid.NewGuid():N}")).FullName;
        return Path.Combine(_folder, name);
    }

    /// <summary>Opens a new file of so many bytes, direct and without an owner.</summary>
    protected Task<AioFile> NewFile(long length = 0, DirectIo direct = DirectIo.Required, string? path = null) =>
        Ext.OpenAsync(path ?? NewPath(), New with { PreallocationSize = length, Direct = direct });

    /// <summary>Opens a new direct file with this content.</summary>
    protected async Task<AioFile> FileOf(byte[] content, DirectIo direct = DirectIo.Required)
    {
        var path = NewPath();
        if (Kind != EngineKind.Memory)
        {
            await File.WriteAllBytesAsync(path, content);
        }
        else
        {
            using var handle = Engine.Open(path, new(FileMode.Create, FileAccess.ReadWrite, DirectIo.Off));
            handle.Write(content, 0, dataSync: false);
        }

        return await Ext.OpenAsync(path, New with { Mode = FileMode.Open, Direct = direct });
    }

    protected static AioOpenOptions New { get; } =
        new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Required };

    /// <summary>
    /// What is in the file, seen without AkkaAio: up to its known length, because an open file may be allocated ahead.
    /// </summary>
    protected byte[] ContentOf(AioFile file) => OnDisk(file.Path) is var all && all.Length > file.Length ? all[..(int)file.Length] : all;

    /// <summary>What is on the disk.</summary>
    protected byte[] OnDisk(string path) => Kind == EngineKind.Memory ? Engine.ReadAllBytes(path) : File.ReadAllBytes(path);

    /// <summary>Its length. Of a file that is being made shorter too, which cannot be read as a whole.</summary>
    protected long LengthOnDisk(string path) => Kind == EngineKind.Memory ? Engine.ReadAllBytes(path).Length : new FileInfo(path).Length;

    /// <summary>Bytes that differ from block to block and from seed to seed.</summary>
    protected static byte[] Pattern(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Everything that was told to the shards before has been taken up, and what it put in flight has been reaped.</summary>
    protected async Task Fence(AioFile other)
    {
        var stripes = Ext.Settings.ShardBy == AioShardBy.Stripe ? 16 : 1;
        for (var i = 0; i < 3 * stripes; i++)
        {
            using var read = await other.RentReadAsync(i % stripes * Ext.Settings.StripeSize, 1).AsTask().WaitAsync(Patience.Long);
        }
    }

    protected Task Eventually(Func<bool> condition, string what) =>
        AwaitConditionAsync(() => Task.FromResult(condition()), Patience.Long, TimeSpan.FromMilliseconds(10), what);

    /// <summary>As <see cref="Eventually"/>, without a failure.</summary>
    protected async Task<bool> Comes(Func<bool> condition)
    {
        try
        {
            await Eventually(condition, "");
            return true;
        }
        catch (Exception e) when (e is Xunit.Sdk.XunitException or TimeoutException)
        {
            return condition();
        }
    }

    /// <summary>
    /// The figures after so many operations of the kernel: a reply may come before the threads on both sides of it have counted theirs.
    /// </summary>
    protected async Task<Aio.Stats> StatsAfter(long submitted)
    {
        await Eventually(
            () => Ext.Shards.All(shard => shard.Context is not null) && // each has started
                  Ext.Shards.Sum(shard => shard.Counters.Submitted) == submitted &&
                  Ext.Shards.Sum(shard => shard.Counters.Reaped) == submitted,
            $"{submitted} operations are counted");
        return await Stats();
    }

    protected Task<Aio.Stats> Stats() => Replies.Do<Aio.Stats>(new Aio.GetStats());

    protected override void AfterAll()
    {
        var waited = Sys.Terminate().Wait(Patience.Long);
        base.AfterAll();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }

        Assert.True(waited, "the actor system does not end");
        if (_ext.IsValueCreated && !Abandons)
        {
            AssertNothingIsLeft();
        }
    }

    private void AssertNothingIsLeft()
    {
        if (Kind == EngineKind.Memory)
        {
            Assert.Equal(0, Engine.OpenContexts);
            Assert.Equal(0, Engine.OpenFiles);
        }

        // Exact only once the finalizers of threads that have ended have run; a buffer that a finalizer returns is reported to Leaked.
        if (Pool.RentedBuffers != 0)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Empty(_leaks);
        Assert.Equal(0, Pool.RentedBuffers);
    }
}
