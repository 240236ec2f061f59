using AkkaAio.Benchmarks.Null;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;
using BenchmarkDotNet.Attributes;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Benchmarks.Micro;

/// <summary>
/// A context's submit and reap on one thread, for batches. Reads of /dev/zero complete inside io_submit: no device waits.
/// </summary>
public class ContextBenchmarks : IDisposable
{
    private const int Depth = 32;

    private IIoContext _context = null!;
    private SafeFileHandle _zero = null!;
    private AioBufferPool _pool = null!;
    private AioBuffer _buffer = null!;
    private IoRequest[] _requests = null!;
    private IoCompletion[] _completions = null!;

    /// <summary>The engine.</summary>
    [Params(LinuxAioEngine.EngineName, "null")]
    public string Engine { get; set; } = "";

    /// <summary>Operations of a batch.</summary>
    [Params(1, 8, 32)]
    public int Batch { get; set; }

    /// <summary>Before all.</summary>
    [GlobalSetup]
    public void Setup()
    {
        IIoEngine engine = Engine == LinuxAioEngine.EngineName ? new LinuxAioEngine() : new NullEngine();
        _context = engine.CreateContext(Depth);
        _zero = File.OpenHandle("/dev/zero");
        _pool = new AioBufferPool(1 << 20);
        _buffer = _pool.Rent(512);
        _requests = [.. Enumerable.Range(0, Batch).Select(slot =>
            new IoRequest(slot, IoOpcode.Read, (int)_zero.DangerousGetHandle(), _buffer.Address, _buffer.Length, 0))];
        _completions = new IoCompletion[Batch];
    }

    /// <summary>After all.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _context.Dispose();
        _buffer.Dispose();
        _pool.Dispose();
        _zero.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A batch in and out.</summary>
    [Benchmark]
    public int SubmitReap()
    {
        var accepted = _context.Submit(_requests).Accepted;
        return accepted + _context.Reap(_completions, accepted, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A look at what is there, when nothing is.</summary>
    [Benchmark]
    public int ReapNothing() => _context.Reap(_completions, 0, TimeSpan.Zero);
}
