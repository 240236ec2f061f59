using System.Diagnostics;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Threading;

namespace AkkaAio.TestKit;

/// <summary>
/// A context of the in-memory engine. Data is transferred when an operation completes, not when it is submitted, as a device does it:
/// memory that was given back too early is then really written to.
/// </summary>
internal sealed class MemoryContext(MemoryEngine engine, int depth) : IIoContext
{
    private readonly object _lock = new();
    private readonly HashSet<int> _inFlight = [];
    private readonly List<IoRequest> _held = [];
    private readonly Dictionary<int, OperationFault> _faults = [];
    private readonly Dictionary<int, RecordedOperation> _recorded = [];
    private readonly List<(IoRequest Request, int Remaining)> _delayed = [];
    private readonly Queue<IoCompletion> _ready = new();
    private EventFd? _signal;
    private bool _wake;
    private bool _disposed;

    public int Depth => depth;

    public void SignalTo(EventFd completed) => _signal = completed;

    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        var fault = engine.OnSubmit?.Invoke(requests) ?? engine.Log?.Submit(requests.Length) ?? default;
        if (fault.Error != Errno.None)
        {
            return new IoSubmitResult(0, fault.Error);
        }

        var accepted = 0;
        lock (_lock)
        {
            foreach (ref readonly var request in requests[..Math.Min(requests.Length, fault.ShortTo ?? int.MaxValue)])
            {
                var error = Accept(request);
                if (error != Errno.None)
                {
                    return accepted > 0 ? new IoSubmitResult(accepted, Errno.None) : new IoSubmitResult(0, error);
                }

                accepted++;
            }

            SignalCompletions();
        }

        return new IoSubmitResult(accepted, Errno.None);
    }

    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        engine.OnReap?.Invoke();
        if (minNr < 0 || minNr > completions.Length)
        {
            throw new AioSystemException(Errno.EINVAL, "io_getevents"); // as the kernel does
        }

        var start = Stopwatch.GetTimestamp();
        lock (_lock)
        {
            if (_signal is not null && _ready.Count == 0)
            {
                Undelay(all: true); // a reaper that is signalled never waits here
            }

            while (_ready.Count < minNr && !_wake)
            {
                if (_delayed.Count > 0)
                {
                    Undelay(all: true);
                }
                else if (!Monitor.Wait(_lock, MonitorTime.Left(timeout, start)))
                {
                    break;
                }
            }

            _wake = false;
            var count = 0;
            while (count < completions.Length && _ready.TryDequeue(out var completion))
            {
                _inFlight.Remove(completion.Slot);
                completions[count++] = completion;
            }

            return count;
        }
    }

    public void Wake()
    {
        lock (_lock)
        {
            _wake = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>As io_destroy: what is in flight completes first, and its events are lost.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            Release(null, null);
            Undelay(all: true);
            _disposed = true;
        }

        engine.Closed(this);
    }

    public int Release(Func<IoRequest, bool>? where, Comparison<IoRequest>? order)
    {
        lock (_lock)
        {
            var released = _held.Where(request => where?.Invoke(request) ?? true).ToList();
            if (order is not null)
            {
                released.Sort(order);
            }

            foreach (var request in released)
            {
                _held.Remove(request);
                Complete(request);
                Undelay(all: false);
            }

            SignalCompletions();
            return released.Count;
        }
    }

    /// <summary>Completes an operation that a rule has kept, unless the context has ended.</summary>
    private void Resume(DiskOperation operation)
    {
        lock (_lock)
        {
            var at = _held.FindIndex(request => _faults[request.Slot].Operation == operation);
            if (at >= 0)
            {
                var request = _held[at];
                _held.RemoveAt(at);
                Complete(request);
                Undelay(all: false);
                SignalCompletions();
            }
        }
    }

    private Errno Accept(in IoRequest request)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)request.Opcode, (uint)IoOpcode.DataSync, nameof(request));
        if (engine.FileOf(request.Descriptor) is not { } file)
        {
            return Errno.EBADF;
        }

        var writes = request.Opcode == IoOpcode.Write;
        if (request.Opcode != IoOpcode.DataSync && !file.Access.HasFlag(writes ? FileAccess.Write : FileAccess.Read))
        {
            return Errno.EBADF;
        }

        if (!request.IsPossible)
        {
            return Errno.EINVAL;
        }

        // The kernel has no such checks; here they catch a caller that breaks the contract of the seam.
        if ((uint)request.Slot >= (uint)depth || _inFlight.Count >= depth || !_inFlight.Add(request.Slot))
        {
            throw new InvalidOperationException(
                $"slot {request.Slot} of {depth} is in flight already or does not exist ({_inFlight.Count} in flight)");
        }

        if (file.Inode.History is not null)
        {
            _recorded[request.Slot] = new RecordedOperation(file.Inode, request);
        }

        var operation = engine.Log?.Begin(request, file.Path);
        var fault = engine.OnOperation?.Invoke(request) ?? new OperationFault
        {
            Error = operation?.Fault ?? Errno.None,
            ShortTo = operation?.ShortTo,
        };
        fault = fault with { Operation = operation };
        _faults[request.Slot] = fault;
        if (fault.Hold || (operation is not null && operation.Suspend(() => Resume(operation))))
        {
            _held.Add(request);
        }
        else if (fault.Delay > 0)
        {
            _delayed.Add((request, fault.Delay));
        }
        else
        {
            Complete(request);
            Undelay(all: false);
        }

        return Errno.None;
    }

    private void SignalCompletions()
    {
        Monitor.PulseAll(_lock);
        _signal?.Signal();
    }

    private void Undelay(bool all)
    {
        for (var i = 0; i < _delayed.Count; i++)
        {
            var (request, remaining) = _delayed[i];
            if (all || remaining <= 1)
            {
                _delayed.RemoveAt(i--);
                Complete(request);
            }
            else
            {
                _delayed[i] = (request, remaining - 1);
            }
        }
    }

    private void Complete(in IoRequest request)
    {
        _faults.Remove(request.Slot, out var fault);
        _recorded.Remove(request.Slot, out var recorded);
        var result = fault.Error != Errno.None ? -(long)fault.Error : Transfer(request, fault, recorded);
        recorded?.Ended(result);
        fault.Operation?.End(result);
        _ready.Enqueue(new IoCompletion(request.Slot, result));
    }

    private long Transfer(in IoRequest request, OperationFault fault, RecordedOperation? recorded)
    {
        if (engine.FileOf(request.Descriptor) is not { } file)
        {
            // Closed under an operation: the caller's fault, and on a real kernel perhaps another file by now.
            throw new InvalidOperationException($"descriptor {request.Descriptor} was closed with an operation in flight");
        }

        if (request.Opcode == IoOpcode.DataSync)
        {
            engine.CountDataSync();
            return 0;
        }

        var vectors = request.Vectors > 0 ? request.GetVectors() : [new IoVec(request.Buffer, request.Length)];
        if (file.IsDirect && !IsAligned(request.Offset, vectors))
        {
            return -(long)Errno.EINVAL;
        }

        if (request.Opcode == IoOpcode.Write)
        {
            return Write(request, vectors, fault.ShortTo ?? int.MaxValue, file, recorded);
        }

        var left = fault.ShortTo ?? int.MaxValue;
        var moved = 0L;
        foreach (var vector in vectors)
        {
            var memory = vector.AsSpan()[..(int)Math.Min(vector.Length, left)];
            var count = file.Inode.Read(memory, request.Offset + moved);
            moved += count;
            left -= count;
            if (count < vector.Length)
            {
                break;
            }
        }

        return moved;
    }

    private bool IsAligned(long offset, ReadOnlySpan<IoVec> vectors)
    {
        var all = offset;
        foreach (var vector in vectors)
        {
            all |= vector.Base | vector.Length;
        }

        return all % engine.Alignment == 0; // a power of two
    }

    // One change of the file, also from many buffers.
    private long Write(in IoRequest request, ReadOnlySpan<IoVec> vectors, int most, MemoryFile file, RecordedOperation? recorded)
    {
        var bytes = vectors.Length == 1 ? vectors[0].AsSpan() : RecordedOperation.BytesOf(request);
        var isDsync = request.Flags.HasFlag(RwFlags.DSync);
        var (count, error) = engine.Space.Write(
            file.Inode, bytes[..Math.Min(bytes.Length, most)], request.Offset, file.OffsetAlignment, recorded?.Write, isDsync);
        if (error != Errno.None)
        {
            return -(long)error;
        }

        engine.OnWritten?.Invoke(file.Path, request.Offset, count, isDsync);
        return count;
    }
}
