using Akka;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using Akka.Streams.Stage;

namespace AkkaAio.Streams.Stages;

/// <summary>One sink after another, each for the elements up to the next path that the user's function returns.</summary>
internal sealed class RotatingStage<T>(Func<Func<T, string?>> newPathOf, Func<string, Sink<T, Task<IOResult>>> sinkOf)
    : GraphStageWithMaterializedValue<SinkShape<T>, Task<Done>>
{
    // Sinks that have not ended. One more waits: where files close more slowly than they fill, open files would pile up.
    private const int MostSinks = 8;

    private readonly Inlet<T> _in = new("AioSink.Rotating.in");

    public override SinkShape<T> Shape => new(_in);

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("aioRotatingSink");

    public override ILogicAndMaterializedValue<Task<Done>> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        var logic = new Logic(this);
        return new LogicAndMaterializedValue<Task<Done>>(logic, logic.Result);
    }

    private Func<T, string?> StartNaming() => newPathOf();

    private Sink<T, Task<IOResult>> MakeSink(string path) => sinkOf(path);

    private sealed class Logic : InGraphStageLogic
    {
        private readonly TaskCompletionSource<Done> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly RotatingStage<T> _stage;
        private readonly Action<(Segment Segment, Task<IOResult> Task)> _sinkEnded;
        private Func<T, string?> _newPathOf = null!;
        private Segment? _current;
        private (T Element, string? NewPath)? _waiting;
        private (bool HasEnded, Exception? Failure) _upstream;
        private int _running;
        private bool _isEnding;
        private Exception? _failure;

        public Logic(RotatingStage<T> stage)
            : base(stage.Shape)
        {
            _stage = stage;
            _sinkEnded = GetAsyncCallback<(Segment, Task<IOResult>)>(ended => SinkEnded(ended.Item1, ended.Item2));
            SetHandler(stage._in, this);
        }

        public Task<Done> Result => _result.Task;

        public override void PreStart()
        {
            SetKeepGoing(true); // until the last sink has ended
            try
            {
                _newPathOf = _stage.StartNaming();
                Pull(_stage._in);
            }
            catch (Exception e)
            {
                End(e);
            }
        }

        public override void PostStop() => _result.TrySetException(new AbruptStageTerminationException(this));

        public override void OnPush()
        {
            var element = Grab(_stage._in);
            try
            {
                _waiting = (element, _newPathOf(element));
            }
            catch (Exception e)
            {
                End(e);
                return;
            }

            Advance();
        }

        public override void OnUpstreamFinish() => UpstreamEnded(null);

        public override void OnUpstreamFailure(Exception e) => UpstreamEnded(e);

        private void UpstreamEnded(Exception? failure)
        {
            _upstream = (true, failure);
            if (_waiting is null)
            {
                End(failure);
            }
        }

        private void Advance()
        {
            if (_isEnding || _waiting is not { } waiting)
            {
                return;
            }

            if (waiting.NewPath is { } path)
            {
                if (_running == MostSinks || !TryRotate(path))
                {
                    return;
                }

                _waiting = (waiting.Element, null);
            }

            if (_current is null)
            {
                End(new InvalidOperationException(
                    "AioSink.Rotating: the function returned no path for the first element, which needs a file; return one"));
            }
            else if (_current.Outlet.IsAvailable)
            {
                _waiting = null;
                _current.Outlet.Push(waiting.Element);
                Continue();
            }
        }

        private void Continue()
        {
            if (_upstream.HasEnded)
            {
                End(_upstream.Failure);
            }
            else
            {
                Pull(_stage._in);
            }
        }

        // The next sink starts before the one before it is told to end: its file opens while that one still writes.
        private bool TryRotate(string path)
        {
            var next = new Segment(new SubSourceOutlet<T>(this, path));
            next.Outlet.SetHandler(new LambdaOutHandler(Advance, _ => Cancelled(next)));
            try
            {
                var task = Source.FromGraph(next.Outlet.Source).RunWith(_stage.MakeSink(path), SubFusingMaterializer);
                _running++;
                task.ContinueWith(ended => _sinkEnded((next, ended)), TaskContinuationOptions.ExecuteSynchronously);
            }
            catch (Exception e)
            {
                End(e);
                return false;
            }

            _current?.Outlet.Complete();
            _current = next;
            return true;
        }

        private void Cancelled(Segment segment)
        {
            segment.IsCancelled = true;
            if (segment.HasSucceeded && segment == _current)
            {
                End(null); // its sink wants no more, as Take does: nor do we
            }
        }

        private void SinkEnded(Segment segment, Task<IOResult> task)
        {
            _running--;
            segment.HasSucceeded = task.IsCompletedSuccessfully;
            if (FailureOf(task) is { } failure)
            {
                End(failure);
            }
            else if (segment.IsCancelled && segment == _current)
            {
                End(null);
            }
            else if (_isEnding)
            {
                Finish();
            }
            else
            {
                Advance();
            }
        }

        private void End(Exception? failure)
        {
            _failure ??= failure;
            if (!_isEnding)
            {
                _isEnding = true;
                _waiting = null;
                EndUpstream();
                EndCurrent();
            }

            Finish();
        }

        private void EndUpstream()
        {
            if (_failure is null)
            {
                Cancel(_stage._in);
            }
            else
            {
                Cancel(_stage._in, _failure);
            }
        }

        private void EndCurrent()
        {
            if (_current is null or { Outlet.IsClosed: true })
            {
                return;
            }

            if (_failure is null)
            {
                _current.Outlet.Complete();
            }
            else
            {
                _current.Outlet.Fail(_failure);
            }
        }

        private void Finish()
        {
            if (_running > 0)
            {
                return;
            }

            SetKeepGoing(false);
            if (_failure is null)
            {
                _result.TrySetResult(Done.Instance);
                CompleteStage();
            }
            else
            {
                _result.TrySetException(_failure);
                FailStage(_failure);
            }
        }

        private static Exception? FailureOf(Task<IOResult> task) => task switch
        {
            { IsCanceled: true } => new TaskCanceledException(task),
            { Exception: { } failure } => failure.InnerException ?? failure,
            { Result: { WasSuccessful: false, Error: var error } } => error,
            _ => null,
        };

        /// <summary>A sink, and where its elements go in.</summary>
        private sealed class Segment(SubSourceOutlet<T> outlet)
        {
            public SubSourceOutlet<T> Outlet => outlet;

            public bool HasSucceeded { get; set; }

            public bool IsCancelled { get; set; }
        }
    }
}
