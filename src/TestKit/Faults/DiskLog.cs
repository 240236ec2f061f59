using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.TestKit;

/// <summary>The operations of a disk, and the rules that decide about them.</summary>
/// <remarks>Its lock is the innermost: nothing of the user's and no other lock is taken inside.</remarks>
internal sealed class DiskLog(AioTestDisk disk)
{
    private readonly Lock _lock = new();
    private readonly List<DiskOperation> _operations = [];
    private readonly HashSet<DiskOperation> _running = [];
    private readonly List<TaskCompletionSource> _waiting = [];
    private DiskRule[] _rules = []; // replaced, never changed
    private DiskRule? _broken;
    private long _started;
    private long _ended;

    public AioTestDisk Disk => disk;

    /// <summary>All, in the order in which they were started.</summary>
    public DiskOperation[] Operations
    {
        get
        {
            lock (_lock)
            {
                return [.. _operations];
            }
        }
    }

    /// <summary>Those that have not ended, submits too, in the order in which they were started.</summary>
    public DiskOperation[] Running
    {
        get
        {
            lock (_lock)
            {
                return [.. _running.OrderBy(operation => operation.Number)];
            }
        }
    }

    public DiskRule[] Rules => Volatile.Read(ref _rules);

    public void Add(DiskRule rule)
    {
        lock (_lock)
        {
            Volatile.Write(ref _rules, [.. _rules, rule]);
        }
    }

    public void Remove(DiskRule rule)
    {
        lock (_lock)
        {
            rule.HasEnded = true;
            Volatile.Write(ref _rules, [.. _rules.Where(other => other != rule)]);
        }

        Changed();
    }

    /// <summary>Nobody else says it of a rule that nobody waits for.</summary>
    public void ThrowIfConditionThrew()
    {
        if (Volatile.Read(ref _broken) is { } rule)
        {
            throw rule.ConditionThrew();
        }
    }

    /// <summary>That its condition has thrown is said.</summary>
    public void SaidOf(DiskRule rule) => _ = Interlocked.CompareExchange(ref _broken, null, rule);

    /// <summary>Its condition has thrown.</summary>
    public void Break(DiskRule rule)
    {
        _ = Interlocked.CompareExchange(ref _broken, rule, null);
        Remove(rule);
    }

    public void Forget()
    {
        lock (_lock)
        {
            _operations.Clear();
        }
    }

    public DiskOperation Begin(in IoRequest request, string path) => Begin(new DiskOperation(this, KindOf(request.Opcode), path)
    {
        Offset = request.Offset,
        Length = request.Length,
        IsDataSync = request.Flags.HasFlag(RwFlags.DSync),
    });

    public DiskOperation Begin(
        DiskOperationKind kind, string path, long offset = 0, long length = 0, bool dataSync = false, string? newPath = null) =>
        Begin(new DiskOperation(this, kind, path) { Offset = offset, Length = length, IsDataSync = dataSync, NewPath = newPath });

    /// <summary>A submit of so many requests, on the thread that submits: it waits as long as a rule says.</summary>
    public SubmitFault Submit(int count)
    {
        if (!Array.Exists(Rules, rule => rule.ConcernsSubmits))
        {
            return default;
        }

        var submit = Begin(DiskOperationKind.Submit, "", length: count);
        submit.Wait();
        submit.End(submit.Fault != Errno.None ? -(long)submit.Fault : Math.Min(count, submit.ShortTo ?? count));
        return new SubmitFault { Error = submit.Fault, ShortTo = submit.ShortTo };
    }

    /// <summary>Whether the rule keeps it.</summary>
    public bool Suspend(DiskOperation operation, DiskRule rule)
    {
        lock (_lock)
        {
            if (rule.HasEnded)
            {
                return false;
            }

            operation.State = rule is DiskHold ? DiskOperationState.Held : DiskOperationState.Delayed;
            return true;
        }
    }

    /// <summary>The rule keeps it, and can let it go.</summary>
    public void Suspended(DiskRule rule)
    {
        lock (_lock)
        {
            rule.Hit();
        }

        Changed();
    }

    public bool Resume(DiskOperation operation)
    {
        lock (_lock)
        {
            if (operation.State is not (DiskOperationState.Held or DiskOperationState.Delayed))
            {
                return false;
            }

            operation.State = DiskOperationState.Running;
            return true;
        }
    }

    public DiskOperation[] HeldBy(DiskHold hold)
    {
        lock (_lock)
        {
            return
            [
                .. _running.Where(operation => operation.Timing == hold && operation.State == DiskOperationState.Held)
                    .OrderBy(operation => operation.Number),
            ];
        }
    }

    public void End(DiskOperation operation)
    {
        lock (_lock)
        {
            operation.State = DiskOperationState.Ended;
            operation.EndedAt = disk.Elapsed;
            operation.EndNumber = _ended++;
            _running.Remove(operation);
        }

        Changed();
    }

    /// <summary>Something has happened that somebody may wait for.</summary>
    public void Changed()
    {
        TaskCompletionSource[] waiting;
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return;
            }

            waiting = [.. _waiting];
            _waiting.Clear();
        }

        Array.ForEach(waiting, waiter => waiter.SetResult());
    }

    /// <summary>Completes at the next change.</summary>
    public Task NextChange()
    {
        lock (_lock)
        {
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add(waiter);
            return waiter.Task;
        }
    }

    /// <summary>Completes when the condition holds, which is looked at after each change.</summary>
    /// <exception cref="AioTestException">It does not within the time.</exception>
    public async Task When(Func<bool> condition, TimeSpan? timeout, Func<TimeSpan, string> describe)
    {
        var time = timeout ?? AioTestDisk.Patience;
        using var late = new CancellationTokenSource(time);
        while (true)
        {
            var change = NextChange(); // before the look, so that none is missed
            if (condition())
            {
                return;
            }

            try
            {
                await change.WaitAsync(late.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!condition())
            {
                throw new AioTestException($"{describe(time)}; {disk.Describe()}");
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static DiskOperationKind KindOf(IoOpcode opcode) => opcode switch
    {
        IoOpcode.Read => DiskOperationKind.Read,
        IoOpcode.Write => DiskOperationKind.Write,
        _ => DiskOperationKind.Flush,
    };

    private DiskOperation Begin(DiskOperation operation)
    {
        DiskRule[] rules;
        lock (_lock)
        {
            rules = _rules;
            operation.StartedAt = disk.Elapsed;
            _running.Add(operation);
            if (operation.Kind != DiskOperationKind.Submit)
            {
                operation.Number = _started++;
                _operations.Add(operation);
            }
        }

        var may = rules.Length == 0 ? [] : Array.FindAll(rules, rule => rule.MayTake(operation)); // the user's code: without the lock
        if (may.Length > 0)
        {
            Decide(operation, may);
            Changed();
        }

        return operation;
    }

    private void Decide(DiskOperation operation, DiskRule[] rules)
    {
        lock (_lock)
        {
            foreach (var rule in rules)
            {
                if (rule.DecidesTiming)
                {
                    operation.Timing ??= rule.Takes(operation) ? rule : null; // hits when the operation is kept
                }
                else if (operation.Outcome is null && rule.Takes(operation))
                {
                    operation.Outcome = rule;
                    rule.Hit();
                }
            }
        }
    }
}
