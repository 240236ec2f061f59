using System.Diagnostics;

namespace AkkaAio.Persistence.Reading;

/// <summary>
/// Keeps the reads of replays out of the way of commits: while a commit is under way, and a moment longer, only so many bytes of them are
/// in the device, which costs them half their rate, and the commits a tenth of what they would wait.
/// </summary>
internal sealed class ReadGate(int mostBytesBesideCommits)
{
    // An actor that persists one event after the other has a commit under way nearly always. Without this the reads of all replays went to
    // the device between two of its commits, and the second waited for them: 4.4 ms instead of 0.4.
    private static readonly TimeSpan CalmAfterCommit = TimeSpan.FromMilliseconds(10);

    private readonly Lock _lock = new();
    private readonly Queue<(int Bytes, TaskCompletionSource Turn)> _waiting = new();
    private long _inFlight;
    private bool _isCommitting;
    private long _committedAt;

    /// <summary>Whether a commit is under way. Called by the log's actor.</summary>
    public bool IsCommitting
    {
        set
        {
            if (_isCommitting != value)
            {
                Volatile.Write(ref _committedAt, Stopwatch.GetTimestamp());
                Volatile.Write(ref _isCommitting, value);
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

    // One read always goes, however long; so each that waits is looked at again when that one leaves.
    private bool MayEnter(int bytes) => _inFlight == 0 || _inFlight + bytes <= mostBytesBesideCommits || IsCalm;

    private bool IsCalm =>
        !Volatile.Read(ref _isCommitting) && Stopwatch.GetElapsedTime(Volatile.Read(ref _committedAt)) > CalmAfterCommit;
}
