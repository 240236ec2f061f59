using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.Memory;

namespace AkkaAio.Tests.Model;

/// <summary>A kernel that does all that a kernel may do, at random from a seed.</summary>
internal sealed class Faults(int seed, bool holds, Func<long> restarts)
{
    // More in a row would close the shard for seconds.
    private const int MostCrashes = 3;


    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();
    private bool _over;
    private bool _crashShard;
    private bool _crashReaper;
    private int _crashes;

    public void InstallIn(MemoryEngine engine)
    {
        engine.OnSubmit = OnSubmit;
        engine.OnOperation = OnOperation;
        engine.OnReap = OnReap;
    }

    /// <summary>From now on the kernel behaves.</summary>
    public void End()
    {
        lock (_lock)
        {
            (_over, _crashShard, _crashReaper) = (true, false, false);
        }
    }

    public void CrashShard()
    {
        lock (_lock)
        {
            _crashShard = true;
        }
    }

    public void CrashReaper()
    {
        lock (_lock)
        {
            _crashReaper = true;
        }
    }

    private SubmitFault OnSubmit(ReadOnlySpan<IoRequest> requests)
    {
        lock (_lock)
        {
            if (_crashShard && MayCrash())
            {
                _crashShard = false;
                throw new InvalidOperationException("a crash of the shard, on schedule");
            }

            return _over ? default : _random.Next(20) switch
            {
                0 => new SubmitFault { Error = Errno.EAGAIN },
                1 => new SubmitFault { Error = Errno.EINTR },
                2 => new SubmitFault { Error = Errno.ENOMEM },
                3 => new SubmitFault { ShortTo = 0 },
                4 or 5 => new SubmitFault { ShortTo = _random.Next(1, 4) },
                6 => new SubmitFault { Error = Errno.EBADF },
                _ => default,
            };
        }
    }

    private OperationFault OnOperation(in IoRequest request)
    {
        lock (_lock)
        {
            if (_over)
            {
                return default;
            }

            var isWrite = request.Opcode == IoOpcode.Write;
            return _random.Next(20) switch
            {
                0 when request.Opcode != IoOpcode.DataSync || _random.Next(10) == 0 => new OperationFault { Error = Errno.EIO },
                1 or 2 when isWrite => new OperationFault { ShortTo = _random.Next(request.Length) },
                3 when isWrite => new OperationFault { ShortTo = _random.Next(request.Length), Delay = _random.Next(5) },
                4 or 5 or 6 or 7 => new OperationFault { Delay = _random.Next(1, 10) },
                8 or 9 when holds => new OperationFault { Hold = true },
                _ => default,
            };
        }
    }

    private void OnReap()
    {
        lock (_lock)
        {
            if (_crashReaper && MayCrash())
            {
                _crashReaper = false;
                throw new InvalidOperationException("a crash of the reaper, on schedule");
            }
        }
    }

    // Not in the midst of a restart: a context that cannot be drained is abandoned with its memory.
    private bool MayCrash()
    {
        if (_crashes == MostCrashes || restarts() < _crashes)
        {
            return false;
        }

        _crashes++;
        return true;
    }
}
