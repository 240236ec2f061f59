using Akka.Streams.IO;

namespace AkkaAio.Streams.Stages;

/// <summary>What a sink's user has of it. Any thread asks for flushes; the stage takes them.</summary>
internal sealed class SinkControl : IAioSinkControl
{
    private readonly TaskCompletionSource<IOResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private List<TaskCompletionSource<long>> _asked = [];
    private List<TaskCompletionSource<long>> _underWay = [];
    private Action? _wake;
    private Action<TaskCompletionSource<long>>? _answer;

    public Task<IOResult> Completion => _completion.Task;

    public Task<long> FlushAsync()
    {
        var flush = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        Action? wake;
        lock (_lock)
        {
            if (_answer is not null)
            {
                _answer(flush);
                return flush.Task;
            }

            _asked.Add(flush);
            wake = _wake;
        }

        wake?.Invoke(); // null: the stage has not started; it looks when it does
        return flush.Task;
    }

    /// <summary>The stage has started: it is woken for each flush from now on.</summary>
    public void Started(Action wake)
    {
        lock (_lock)
        {
            _wake = wake;
        }
    }

    /// <summary>Whether a flush has been asked for.</summary>
    public bool IsFlushAsked
    {
        get
        {
            lock (_lock)
            {
                return _asked.Count > 0;
            }
        }
    }

    /// <summary>The stage flushes, for all who have asked so far.</summary>
    public void BeginFlush()
    {
        lock (_lock)
        {
            _underWay.AddRange(_asked);
            _asked = [];
        }
    }

    /// <summary>So many bytes are durable.</summary>
    public void Flushed(long count) => TakeUnderWay().ForEach(flush => flush.TrySetResult(count));

    /// <summary>The stream has succeeded.</summary>
    /// <param name="count">Bytes.</param>
    /// <param name="isDurable">Whether they were flushed.</param>
    public void Succeed(long count, bool isDurable)
    {
        _completion.TrySetResult(IOResult.Success(count));
        End(flush => _ = isDurable
            ? flush.TrySetResult(count)
            : flush.TrySetException(new InvalidOperationException("the stream has ended, and its policy was not to flush")));
    }

    /// <summary>The stream has failed; no use when it has ended before.</summary>
    public void Fail(Exception cause)
    {
        if (_completion.TrySetException(cause))
        {
            End(flush => flush.TrySetException(cause));
        }
    }

    private void End(Action<TaskCompletionSource<long>> answer)
    {
        lock (_lock)
        {
            _answer = answer;
        }

        BeginFlush();
        TakeUnderWay().ForEach(answer);
    }

    private List<TaskCompletionSource<long>> TakeUnderWay() => Interlocked.Exchange(ref _underWay, []);
}
