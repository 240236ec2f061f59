using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Tests.Model.Stepping;

namespace AkkaAio.Tests.Model;

/// <summary>A context of the <see cref="Kernel"/>.</summary>
internal sealed class KernelContext(Kernel kernel, IIoContext inner) : IIoContext
{
    // A drain polls for ever where nothing comes: once the schedule is over, an end of it.
    private const int MostVainReaps = 10_000;

    private readonly Lock _lock = new();

    // What the kernel has, or keeps the events of.
    private readonly Dictionary<int, (IoRequest Request, long Submitted)> _inFlight = [];
    private long _vainRun;
    private int _vainReaps;

    public int Depth => inner.Depth;

    public void SignalTo(EventFd completed) => inner.SignalTo(completed);

    public IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests)
    {
        kernel.Stepper?.Yield();
        kernel.Faults.BeforeSubmit();
        Take(requests);
        IoSubmitResult result;
        try
        {
            result = inner.Submit(kernel.Lie is null ? requests : Changed(requests));
        }
        catch (Exception e)
        {
            kernel.Journal.Violation(e);
            throw;
        }

        GiveBack(requests[result.Accepted..]);

        // Here an event can be reaped before its submitter has counted it.
        kernel.Stepper?.Yield();
        return result;
    }

    public int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout)
    {
        kernel.Stepper?.Yield();
        kernel.Faults.BeforeReap();
        var count = kernel.Stepper is null
            ? inner.Reap(completions, minNr, timeout)
            : ReapNow(completions, minNr);
        foreach (var completion in completions[..count])
        {
            Complete(completion);
        }

        kernel.Stepper?.Yield();
        return count;
    }

    public void Wake() => inner.Wake();

    public void Dispose() => inner.Dispose();

    // Never waits: there is no other thread that could end it. As if it had timed out or been interrupted, which makes the reaper look
    // into its mailbox and come again; a drain, which does not, stands still here until others have run.
    private int ReapNow(Span<IoCompletion> completions, int minNr)
    {
        if (!kernel.Stepper!.IsPlaying)
        {
            kernel.Memory.Release();
        }

        var count = inner.Reap(completions, minNr, TimeSpan.Zero);
        if (count > 0 || minNr == 0)
        {
            _vainReaps = 0;
            return count;
        }

        if (!kernel.Stepper.IsPlaying && ++_vainReaps > MostVainReaps)
        {
            throw new InvalidOperationException("what is waited for will never come");
        }

        kernel.Stepper.Yield(forced: _vainRun == Stepper.CurrentRun);
        _vainRun = Stepper.CurrentRun;
        return 0;
    }

    private void Take(ReadOnlySpan<IoRequest> requests)
    {
        var now = kernel.Journal.Tick();
        lock (_lock)
        {
            foreach (var request in requests)
            {
                foreach (var (other, _) in _inFlight.Values)
                {
                    if (Overlap(request, other))
                    {
                        kernel.Journal.Violation(new InvalidOperationException(
                            $"memory of {other.Opcode} in slot {other.Slot}, which is in flight, is used by {request.Opcode} in slot " +
                            request.Slot));
                    }
                }

                _inFlight[request.Slot] = (request, now);
            }
        }
    }

    private void GiveBack(ReadOnlySpan<IoRequest> requests)
    {
        lock (_lock)
        {
            foreach (var request in requests)
            {
                _inFlight.Remove(request.Slot);
            }
        }
    }

    // The iovecs are memory that must not be another's, too.
    private static bool Overlap(in IoRequest one, in IoRequest other)
    {
        foreach (var a in PiecesOf(one))
        {
            foreach (var b in PiecesOf(other))
            {
                if (a.Base < b.Base + b.Length && b.Base < a.Base + a.Length)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static IoVec[] PiecesOf(in IoRequest request) => request switch
    {
        { Length: 0 } => [],
        { Vectors: > 0 } => [.. request.GetVectors(), new IoVec(request.Buffer, request.Vectors * IoVec.Size)],
        _ => [new IoVec(request.Buffer, request.Length)],
    };

    private void Complete(IoCompletion completion)
    {
        lock (_lock)
        {
            if (_inFlight.Remove(completion.Slot, out var done) && done.Request.Opcode == IoOpcode.DataSync &&
                completion.Error == Errno.None)
            {
                kernel.Journal.DataSynced(kernel.PathOf(done.Request.Descriptor), done.Submitted);
            }
        }
    }

    private IoRequest[] Changed(ReadOnlySpan<IoRequest> requests)
    {
        IoRequest[] changed = [.. requests];
        for (var i = 0; i < changed.Length; i++)
        {
            changed[i] = kernel.Lie!(changed[i]);
        }

        return changed;
    }
}
