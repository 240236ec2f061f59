using AkkaAio.Demo.Benching;
using AkkaAio.Demo.Session;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>What a contender is to do; the same words for all of them.</summary>
/// <param name="Kind">Its name.</param>
/// <param name="Options">As for the demo's bench.</param>
/// <param name="Files">How many files of a folder.</param>
/// <param name="Buffered">Through the page cache.</param>
/// <param name="Stop">Ends it.</param>
internal sealed record ContenderRun(string Kind, BenchOptions Options, int Files, bool Buffered, CancellationToken Stop)
{
    /// <summary>The page cache has the file, and keeps it.</summary>
    public bool Cached { get; init; }

    /// <summary>Writes that extend another file, outstanding meanwhile.</summary>
    public int Appends { get; init; }

    /// <summary>Buffers of an operation.</summary>
    public int Pieces { get; init; } = 1;

    /// <summary>From one file to another.</summary>
    public bool Copies { get; init; }

    /// <summary>Elements are buffers of the pool.</summary>
    public bool Pooled { get; init; }

    /// <summary>Bytes of an element of FileIO.</summary>
    public int Chunk { get; init; }

    private Dictionary<string, object?> Config { get; } = new()
    {
        ["contender"] = Kind,
        ["filename"] = Options.Filename,
        ["rw"] = BenchConfig.NameOf(Options.Rw),
        ["bs"] = Options.Bs,
        ["iodepth"] = Options.Iodepth,
        ["numjobs"] = Options.Numjobs,
        ["files"] = Files,
        ["buffered"] = Buffered,
    };

    /// <summary>Says more in the result.</summary>
    public void Note(string key, object? value) => Config[key] = value;

    /// <summary>For the result.</summary>
    public IReadOnlyDictionary<string, object?> Describe() => Config;

    /// <summary>Lets a load run as the demo's bench does: the same ramp, the same clocks and counters.</summary>
    public Task<BenchResult> MeasureAsync(ILoad load, Func<Task<Batches>>? readBatches = null)
    {
        var measurement = new Measurement(Options.RampTime, Options.Runtime, Options.Bs, Config);
        return (readBatches is null ? measurement : measurement with { ReadBatches = readBatches }).RunAsync(load, Stop);
    }

    /// <summary>The file to measure, opened without Akka.</summary>
    public LinuxFile OpenFile() => LinuxFile.Open(Options.Filename, new IoFileOptions(
        FileMode.Open, Options.Writes ? FileAccess.ReadWrite : FileAccess.Read, Buffered ? DirectIo.Off : DirectIo.Required));

    /// <summary>Bytes of it to use.</summary>
    public long SizeOf(LinuxFile file) => Math.Min(Options.Size ?? long.MaxValue, file.GetLength());

    /// <summary>An actor system with AkkaAio, configured as the demo's bench has it.</summary>
    public Task<AioSession> StartSessionAsync() =>
        AioSession.StartAsync(null, BenchConfig.Overrides(Options), BenchConfig.Defaults(Options));
}
