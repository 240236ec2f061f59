namespace AkkaAio.Demo.Benching;

/// <summary>What a requester does next.</summary>
internal enum OperationKind
{
    Read,
    Write,
    Sync,
}

/// <summary>Gives one requester its operations, without an allocation. Loops of one requester may share it.</summary>
/// <remarks>
/// Random offsets are multiples of the block size, as fio's are. Sequential requesters each begin in a part of the file of their own
/// and go round.
/// </remarks>
internal sealed class Workload
{
    private readonly RwKind _rw;
    private readonly bool _random;
    private readonly long _blocks;
    private readonly int _blockSize;
    private readonly int _fsync;
    private long _sequence;
    private long _writes;

    public Workload(BenchOptions options, long size, int requester)
    {
        _rw = options.Rw;
        _random = options.IsRandom;
        _blockSize = options.Bs;
        _blocks = size / options.Bs;
        _fsync = options.Fsync;
        _sequence = (_blocks / options.Numjobs * requester) - 1;
    }

    public (OperationKind Kind, long Offset) Next()
    {
        var kind = _rw switch
        {
            RwKind.Read or RwKind.RandRead => OperationKind.Read,
            RwKind.Write or RwKind.RandWrite => OperationKind.Write,
            _ => (Random.Shared.Next() & 1) == 0 ? OperationKind.Read : OperationKind.Write,
        };
        if (_fsync > 0 && kind == OperationKind.Write && Interlocked.Increment(ref _writes) % (_fsync + 1L) == 0)
        {
            return (OperationKind.Sync, 0);
        }

        var block = _random ? Random.Shared.NextInt64(_blocks) : Interlocked.Increment(ref _sequence) % _blocks;
        return (kind, block * _blockSize);
    }
}
