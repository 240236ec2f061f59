namespace AkkaAio.Demo.Benching;

/// <summary>What kind of load, in fio's words.</summary>
internal enum RwKind
{
    Read,
    Write,
    RandRead,
    RandWrite,
    RandRw,
}

/// <summary>How the load asks for its operations.</summary>
internal enum BenchApi
{
    /// <summary>Actors that tell commands.</summary>
    Messages,

    /// <summary>Loops that await <see cref="AioFile"/>'s methods.</summary>
    Tasks,
}

/// <summary>What <c>bench</c> is to do; names and defaults are fio's where fio has them.</summary>
internal sealed record BenchOptions
{
    public const long DefaultSize = 1L << 30;

    public required string Filename { get; init; }

    /// <summary>Bytes of the file that are used; null: all of a file that is there, <see cref="DefaultSize"/> of a new one.</summary>
    public long? Size { get; init; }

    public RwKind Rw { get; init; } = RwKind.RandRead;

    public int Bs { get; init; } = 4096;

    /// <summary>O_DIRECT; else through the page cache, as it is.</summary>
    public bool Direct { get; init; } = true;

    /// <summary>Operations that each requester keeps outstanding.</summary>
    public int Iodepth { get; init; } = 64;

    /// <summary>Commands that a requester tells at once, as an <see cref="Aio.Batch"/>; 1: each by itself.</summary>
    public int IodepthBatchSubmit { get; init; } = 1;

    /// <summary>Requesters.</summary>
    public int Numjobs { get; init; } = 1;

    /// <summary>Null: what the configuration says.</summary>
    public string? Ioengine { get; init; }

    /// <summary>Null: what the configuration says.</summary>
    public int? Shards { get; init; }

    /// <summary><c>getevents</c> or <c>epoll</c>; null: what the configuration says.</summary>
    public string? ReapWait { get; init; }

    /// <summary>Null: as configured.</summary>
    public TimeSpan? ReapPoll { get; init; }

    public TimeSpan Runtime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Runs before the measurement and is not counted.</summary>
    public TimeSpan RampTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A requester flushes after this many writes; 0: never.</summary>
    public int Fsync { get; init; }

    public BenchApi Api { get; init; }

    /// <summary>Where requesters run: a name of <see cref="RequesterDispatchers"/>.</summary>
    public string Dispatcher { get; init; } = RequesterDispatchers.Default;

    /// <summary>Listens to every instrument of the meter AkkaAio meanwhile, to see what that costs.</summary>
    public bool Metrics { get; init; }

    public bool AllowOverwrite { get; init; }

    public bool Writes => Rw is RwKind.Write or RwKind.RandWrite or RwKind.RandRw;

    public bool IsRandom => Rw is RwKind.RandRead or RwKind.RandWrite or RwKind.RandRw;

    /// <summary>Operations outstanding in all.</summary>
    public int Outstanding => Iodepth * Numjobs;
}
