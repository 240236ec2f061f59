using BenchmarkDotNet.Attributes;

namespace AkkaAio.Benchmarks.Micro;

/// <summary>A buffer, rented and returned.</summary>
[MemoryDiagnoser]
public class PoolBenchmarks : IDisposable
{
    private readonly AioBuffer[] _buffers = new AioBuffer[32];
    private AioBufferPool _pool = null!;

    /// <summary>Bytes of a buffer.</summary>
    [Params(4096, 256 << 10)]
    public int Length { get; set; }

    /// <summary>Before all.</summary>
    [GlobalSetup]
    public void Setup() => _pool = new AioBufferPool(64 << 20);

    /// <summary>After all.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The same block, again and again.</summary>
    [Benchmark]
    public void RentReturn() => _pool.Rent(Length).Dispose();

    /// <summary>As many as a batch has.</summary>
    [Benchmark(OperationsPerInvoke = 32)]
    public void RentReturn32()
    {
        for (var i = 0; i < _buffers.Length; i++)
        {
            _buffers[i] = _pool.Rent(Length);
        }

        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }
    }
}
