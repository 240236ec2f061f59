using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;

namespace AkkaAio.Tests.Model;

/// <summary>A kernel that does all that a kernel may do, at random from a seed.</summary>
/// <param name="seed">Chooses.</param>
/// <param name="holds">How many operations of a hundred stay in flight until they are released.</param>
/// <param name="mostCrashes">From the fourth on a shard is closed for seconds: with a real clock, more are too many.</param>
internal sealed class Faults(int seed, int holds, int mostCrashes)
{
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();
    private bool _over;
    private bool _crashShard;
    private bool _crashReaper;
    private int _crashes;

    /// <summary>Operations that wait for a release.</summary>
    public int Held { get; private set; }

    public void InstallIn(MemoryEngine engine, Journal journal)
    {
        engine.OnSubmit = OnSubmit;
        engine.OnOperation = OnOperation;
        engine.OnFileCall = (call, path) => OnFileCall(call, path, journal);
        engine.OnSetup = OnSetup;
        engine.OnWritten = journal.BytesWritten;
        engine.OnAllocate = (path, end) =>
        {
            journal.Allocates(path, end);
            return Errno.None;
        };
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
            _crashShard = !_over;
        }
    }

    public void CrashReaper()
    {
        lock (_lock)
        {
            _crashReaper = !_over;
        }
    }

    /// <summary>Lets about so many of eight held operations go, in the order of their slots, backwards, or as they came.</summary>
    public int Release(MemoryEngine engine, int eighths, int how)
    {
        var salt = how >> 2;
        var released = engine.Release(
            request => ((request.Slot + salt) * 5 % 8) < eighths,
            (how & 3) switch { 0 => (a, b) => a.Slot.CompareTo(b.Slot), 1 => (a, b) => b.Slot.CompareTo(a.Slot), _ => null });
        lock (_lock)
        {
            Held = eighths >= 8 ? 0 : Math.Max(0, Held - released);
        }

        return released;
    }

    public void BeforeSubmit() => Crash(ref _crashShard, "shard");

    public void BeforeReap() => Crash(ref _crashReaper, "reaper");

    private void Crash(ref bool wanted, string who)
    {
        lock (_lock)
        {
            if (wanted && _crashes < mostCrashes)
            {
                wanted = false;
                _crashes++;
                throw new InvalidOperationException($"a crash of the {who}, on schedule");
            }
        }
    }

    private SubmitFault OnSubmit(ReadOnlySpan<IoRequest> requests)
    {
        lock (_lock)
        {
            return _over ? default : _random.Next(24) switch
            {
                0 => new SubmitFault { Error = Errno.EAGAIN },
                1 => new SubmitFault { Error = Errno.EINTR },
                2 => new SubmitFault { Error = Errno.ENOMEM },
                3 => new SubmitFault { ShortTo = 0 },
                4 or 5 => new SubmitFault { ShortTo = _random.Next(1, 4) },
                6 => new SubmitFault { Error = Errno.EBADF },
                7 => new SubmitFault { Error = Errno.EINVAL },
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

            var fault = FaultOf(request);
            if (_random.Next(100) < holds)
            {
                Held++;
                return fault with { Hold = true };
            }

            return fault;
        }
    }

    private OperationFault FaultOf(in IoRequest request)
    {
        var isWrite = request.Opcode == IoOpcode.Write;
        return _random.Next(20) switch
        {
            0 when request.Opcode != IoOpcode.DataSync || _random.Next(4) == 0 => new OperationFault { Error = Errno.EIO },
            1 or 2 when isWrite => new OperationFault { ShortTo = _random.Next(request.Length) },
            3 when isWrite => new OperationFault { ShortTo = _random.Next(request.Length), Delay = _random.Next(5) },
            4 or 5 or 6 or 7 => new OperationFault { Delay = _random.Next(1, 10) },
            _ => default,
        };
    }

    private Errno OnFileCall(string call, string path, Journal journal)
    {
        if (call == "fstat")
        {
            return Errno.None; // of an open descriptor: the kernel never fails it on a local file system
        }

        bool fails;
        lock (_lock)
        {
            fails = !_over && _random.Next(call == "fiemap" ? 4 : 16) == 0;
        }

        journal.FileCalled(call, path, fails);
        return !fails ? Errno.None : call == "fallocate" ? Errno.ENOSPC : Errno.EIO;
    }

    private Errno OnSetup(int depth)
    {
        lock (_lock)
        {
            return _over || _random.Next(4) != 0 ? Errno.None : Errno.EAGAIN;
        }
    }
}
