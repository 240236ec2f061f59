namespace AkkaAio.Persistence.Reading;

/// <summary>
/// Keeps the reads of replays out of the way of commits: while a commit is under way only so many bytes of them are in the device, which
/// costs them half their rate, and the commits a tenth of what they would wait.
/// </summary>
internal sealed class ReadGate(int mostBytesBesideCommits)
{
    private readonly Lock _lock = new();
    private readonly Queue<(int Bytes, TaskCompletionSource Turn)> _waiting = new();
    private long _inFlight;
    private bool _isCommitting;

    /// <summary>Whether a commit is under way. Called by the log's actor.</summary>
    public bool IsCommitting
    {
        set
        {
            if (Volatile.Read(ref _isCommitting) != value)
            {
                Volatile.Write(ref _isCommitting, value);
                LetIn();
            }
        }
    }

    /// <summary>Waits for its turn to read some bytes. Leave must follow.</summary>
    public Task EnterAsync(int bytes)
    {
        lock (_lock)
        {
            if (_waiting.Count == 0 && MayEnter(bytes))
            {
                _inFlight += bytes;
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue((bytes, turn));
            return turn.Task;
        }
    }

    public void Leave(int bytes)
    {
        lock (_lock)
        {
            _inFlight -= bytes;
        }

        LetIn();
    }

    private void LetIn()
    {
        lock (_lock)
        {
            while (_waiting.TryPeek(out var first) && MayEnter(first.Bytes))
            {
                _waiting.Dequeue();
                _inFlight += first.Bytes;
                first.Turn.SetResult();
            }
        }
    }

    // One read always goes, however long.
    private bool MayEnter(int bytes) =>
        _inFlight == 0 || !Volatile.Read(ref _isCommitting) || _inFlight + bytes <= mostBytesBesideCommits;
}
