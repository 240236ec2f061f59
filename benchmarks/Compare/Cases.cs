using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>All cases, in the order in which they run.</summary>
internal static class Cases
{
    public const string FioAio = "fio libaio";
    public const string RandomAccessDirect = "RandomAccess direct";
    public const string RandomAccessThreads = "RandomAccess direct, many threads";
    public const string BestRandomAccess = "best RandomAccess";
    public const string NoSpin = ", no spin";
    public const string PlainLoop = "plain C# loop";

    private static readonly string[] BufferedEngines = ["linux-aio", "io-uring", "thread-pool"];

    private const int Block = 4096;
    private const int Large = 256 << 10;

    public static IReadOnlyList<Case> All { get; } =
    [
        .. new[] { 1, 2, 4, 8, 16, 32, 128, 512 }.Select(depth => new Case($"randread-{depth}", RwKind.RandRead, Block, depth)
        {
            Contenders = [.. Direct(depth), .. Own(depth), .. Pool(depth), Buffered()],
            References = Peers,
            Bests = Bests,
            IsQuick = depth == 32,
            IsOnDemand = depth is 2 or 4 or 16,
        }),
        .. new[] { 1, 8, 32, 64, 128, 512 }.Select(depth => new Case($"randwrite-{depth}", RwKind.RandWrite, Block, depth)
        {
            Contenders = [.. Direct(depth), .. Own(depth), .. Pool(depth)],
            References = Peers,
            Bests = Bests,
            IsQuick = depth == 64,
        }),
        Sequential("read-256k", RwKind.Read, quick: true),
        Sequential("write-256k", RwKind.Write, quick: false),
        .. StreamCases.All,
        Zram(1),
        Zram(2),
        .. new[] { 1, 32, 128 }.Select(Engines),
        new Case("reap-wait", RwKind.RandRead, Block, 128)
        {
            Contenders =
            [
                new BenchContender(BenchApi.Messages, 1, " 64 shards, getevents", "--shards", "64"),
                new BenchContender(BenchApi.Messages, 1, " 64 shards, epoll", "--shards", "64", "--reap_wait", "epoll"),
            ],
            References = ["AkkaAio messages 64 shards, getevents"],
        },
        new Case("buffered-32", RwKind.RandRead, Block, 32)
        {
            Contenders =
            [
                new OwnContender("RandomAccess buffered, cached", "random-access", 1, "--buffered", "--cached"),
                .. OwnBuffered("cached", "--cached"),
                OnShard(1, "--direct", "0"),
                new BenchContender(BenchApi.Messages, 1, "", "--direct", "0"),
                new BenchContender(BenchApi.Messages, 8, "", "--direct", "0"), // as many threads as the other side: each copies for itself
            ],
            References = ["RandomAccess buffered, cached"],
        },
        new Case("buffered-cold-32", RwKind.RandRead, Block, 32)
        {
            Contenders = [Buffered(), .. OwnBuffered("cold")],
            References = [Buffered().Name],
        },
        new Case("readv-32k", RwKind.RandRead, 8 * Block, 16)
        {
            Contenders =
            [
                new FioContender("libaio"),
                new BenchContender(BenchApi.Tasks),
                new OwnContender("AkkaAio ReadV, 1 buffer", "vectored"),
                new OwnContender("AkkaAio ReadV, 8 buffers", "vectored", 1, "--pieces", "8"),
            ],
            References = ["AkkaAio tasks"],
        },
        new Case("beside-appends", RwKind.RandRead, Block, 8)
        {
            Contenders =
            [
                new OwnContender("AkkaAio, reads alone", "beside-appends", 1, "--shards", "1"),
                new OwnContender("AkkaAio, reads beside 16 appends", "beside-appends", 1, "--shards", "1", "--appends", "16"),
            ],
            References = ["AkkaAio, reads alone"],
        },
        .. new[] { 1, 8, 32 }.Select(pairs => new Case($"null-{pairs}", RwKind.RandRead, Block, pairs)
        {
            Contenders =
            [
                new OwnContender("bare Akka ping-pong", "ping-pong", pairs),
                new BenchContender(BenchApi.Messages, pairs) { MovesData = false },
                new BenchContender(BenchApi.Messages, pairs, " on shard", "--dispatcher", "shard") { MovesData = false },
                new BenchContender(BenchApi.Tasks, pairs) { MovesData = false },
            ],
            References = ["bare Akka ping-pong"],
            IsQuick = pairs == 8,
        }),
        new Case("append-fsync", RwKind.Write, Block, 64)
        {
            Target = Target.NewFile,
            Contenders =
            [
                new OwnContender("pwrite and fsync, 1 writer", "append-blocking") { Depth = 1 },
                new OwnContender("AkkaAio, 1 writer", "append") { Depth = 1 },
                new OwnContender("AkkaAio, 64 writers", "append"),
            ],
            References = ["pwrite and fsync, 1 writer", "AkkaAio, 1 writer"],
            IsQuick = true,
        },
        new Case("many-files", RwKind.RandRead, Block, 64)
        {
            Contenders =
            [
                new OwnContender("AkkaAio, 16 files", "many-files", 1, "--files", "16") { Target = Target.FewFiles },
                new OwnContender("AkkaAio, 10000 files", "many-files", 1, "--files", "10000") { Target = Target.ManyFiles },
            ],
            References = ["AkkaAio, 16 files"],
        },
        new Case("idle", RwKind.RandRead, Block, 1)
        {
            Contenders =
            [
                new OwnContender("bare ActorSystem", "idle"),
                new OwnContender("AkkaAio, 16 shards", "idle", 1, "--shards", "16"),
            ],
            References = ["bare ActorSystem"],
            LeastRuntime = TimeSpan.FromSeconds(10),
        },
    ];

    // RandomAccess as a user would set it: with the pool as it is, or with a thread for each operation. The better of a round counts.
    private static IReadOnlyList<string> Peers => [FioAio, BestRandomAccess, $"{BestRandomAccess}{NoSpin}", PlainLoop];

    private static IReadOnlyList<BestOf> Bests =>
    [
        new(BestRandomAccess, RandomAccessDirect, RandomAccessThreads),
        new($"{BestRandomAccess}{NoSpin}", $"{RandomAccessDirect}{NoSpin}", $"{RandomAccessThreads}{NoSpin}"),
    ];

    // Each engine beside fio's of the same kind.
    private static Case Engines(int depth) => new($"engines-{depth}", RwKind.RandRead, Block, depth)
    {
        Contenders =
        [
            new FioContender("libaio"), Engine("linux-aio"),
            new FioContender("io_uring"), Engine("io-uring"),
            new FioContender("psync", depth), Engine("thread-pool"),
            new FioContender("posixaio"), Engine("posix-aio"),
        ],
        References = [FioAio, "fio io_uring", new FioContender("psync", depth).Name, "fio posixaio"],
    };

    private static BenchContender Engine(string name) =>
        new(BenchApi.Messages, 1, $" {name}", "--dispatcher", "shard", "--ioengine", name);

    private static IEnumerable<Contender> Direct(int depth) =>
    [
        new FioContender("libaio"),
        new FioContender("io_uring"),
        new OwnContender(PlainLoop, "plain-loop"),
        .. RandomAccesses(depth, spins: true),
    ];

    private static IEnumerable<Contender> RandomAccesses(int depth, bool spins) =>
    [
        new OwnContender($"{RandomAccessDirect}{(spins ? "" : NoSpin)}", "random-access") { PoolSpins = spins },
        .. depth == 1 ? Array.Empty<Contender>() :
        [
            new OwnContender(
                $"{RandomAccessThreads}{(spins ? "" : NoSpin)}", "random-access", 1, "--min-threads", $"{Math.Min(depth, 512)}")
            {
                PoolSpins = spins,
            },
        ],
    ];

    // What an application can set, for both sides: a pool that does not spin, a shard that does not poll.
    private static IEnumerable<Contender> Pool(int depth) =>
    [
        .. RandomAccesses(depth, spins: false),
        new BenchContender(BenchApi.Messages, 1, NoSpin) { PoolSpins = false },
        new BenchContender(BenchApi.Messages, 1, ", no poll", "--reap_poll", "0"),
        new BenchContender(BenchApi.Messages, 1, $", no poll{NoSpin}", "--reap_poll", "0") { PoolSpins = false },
        new BenchContender(BenchApi.Tasks, 1, NoSpin) { PoolSpins = false },
        new BenchContender(BenchApi.Tasks, 1, " on shard", "--dispatcher", "shard"),
        new BenchContender(BenchApi.Tasks, 1, " on shard, no poll", "--dispatcher", "shard", "--reap_poll", "0"),
    ];

    // Requesters on the threads of the shards.
    private static BenchContender OnShard(int jobs, params string[] options) =>
        new(BenchApi.Messages, jobs, " on shard", ["--dispatcher", "shard", .. options]);

    private static IEnumerable<Contender> OwnBuffered(string suffix, params string[] options) =>
        BufferedEngines.Select(engine => new OwnContender(
            $"AkkaAio tasks buffered, {suffix}, {engine}", "buffered", 1, ["--ioengine", engine, .. options]));

    private static OwnContender Buffered() => new("RandomAccess buffered, cold", "random-access", 1, "--buffered");

    private static IEnumerable<Contender> Own(int depth) =>
    [
        new BenchContender(BenchApi.Messages),
        OnShard(1),
        new BenchContender(BenchApi.Messages, 1, " on shard, no poll", "--dispatcher", "shard", "--reap_poll", "0"),
        .. depth >= 8 ? [new BenchContender(BenchApi.Messages, 8)] : Array.Empty<Contender>(),
        new BenchContender(BenchApi.Tasks),
    ];

    private static Case Sequential(string name, RwKind rw, bool quick) => new(name, rw, Large, 8)
    {
        Contenders =
        [
            .. Direct(8), .. Own(1), .. rw == RwKind.Read ? [Buffered()] : Array.Empty<Contender>(),
        ],
        References = [FioAio],
        IsQuick = quick,
    };

    // An operation completes inside io_submit: the CPU is the limit, not the device.
    private static Case Zram(int jobs) => new($"zram-{jobs}", RwKind.RandRead, Block, 128)
    {
        Target = Target.Zram,
        Contenders =
        [
            new FioContender("libaio", jobs),
            new FioContender("libaio", jobs, tuned: true),
            new FioContender("io_uring", jobs),
            new OwnContender(jobs == 1 ? PlainLoop : $"{PlainLoop} x{jobs}", "plain-loop", jobs),
            new BenchContender(BenchApi.Messages, jobs, "", "--shards", $"{jobs}"),
            OnShard(jobs, "--shards", $"{jobs}"),
            new BenchContender(BenchApi.Messages, 8, "", "--shards", $"{jobs}"),
            new BenchContender(BenchApi.Tasks, jobs, "", "--shards", $"{jobs}"),
        ],
        References = jobs == 1
            ? [FioAio, $"{FioAio} tuned", PlainLoop]
            : [$"{FioAio} x{jobs}", $"{FioAio} x{jobs} tuned", $"{PlainLoop} x{jobs}"],
        IsQuick = true,
    };
}
