using Akka.Streams;
using Akka.Streams.IO;

namespace AkkaAio.Streams.Stages;

/// <summary>The stream's side of a sink: when it takes an element, when it flushes, and how it ends.</summary>
/// <remarks>
/// <see cref="GoOn"/> is called after whatever has happened, and does the next step that is possible. The file, a flush and the end are
/// steps of their own (<see cref="_isBusy"/>), during which no element is taken.
/// </remarks>
internal sealed partial class WriteLogic : AioStageLogic
{
    private const string FlushTimer = "flush";

    private readonly WriteStage _stage;
    private readonly SinkControl _control;
    private AioFlushPolicy _policy = AioFlushPolicy.OnComplete;
    private bool _isBusy = true;

    // What is left of the element that has been taken last.
    private ReadOnlyMemory<byte> _element;
    private long _taken;
    private long _durable;
    private bool _isFlushDue;
    private bool _hasUpstreamEnded;
    private Exception? _upstreamFailure;

    public WriteLogic(WriteStage stage, SinkControl control)
        : base(stage.Shape)
    {
        (_stage, _control) = (stage, control);
        SetHandler(
            stage.In,
            onPush: () =>
            {
                _element = Grab(stage.In);
                GoOn();
            },
            onUpstreamFinish: () => UpstreamEnded(null),
            onUpstreamFailure: UpstreamEnded);
    }

    protected override void Start()
    {
        SetKeepGoing(true); // what it has taken is still to be written when the upstream has ended
        var settings = _stage.Settings;
        _policy = settings.Flush ?? Configured.Flush;
        _window = Limits.Check(settings.Window ?? Configured.Window, Limits.MostWindow, nameof(settings.Window));
        _blockSize = Limits.Check(settings.BlockSize ?? Configured.BlockSize, Limits.MostBlock, nameof(settings.BlockSize));
        _growAhead = settings.GrowAheadOr(Configured);
        _control.Started(GetAsyncCallback(GoOn));
        Open(_stage.Target, settings.ToOpenOptions(), file => PrepareBlocks(file, EndBusy));
    }

    protected override void Stopped()
    {
        GiveBackBlocks();
        _control.Fail(new AbruptStageTerminationException(this));
    }

    protected override void Fail(Exception cause)
    {
        _control.Fail(_file is null ? cause : new AbruptIOTerminationException(IOResult.Failed(_written, cause), cause));
        base.Fail(cause);
    }

    protected override void OnTime(object timerKey)
    {
        _isFlushDue = true;
        GoOn();
    }

    private void UpstreamEnded(Exception? failure)
    {
        (_hasUpstreamEnded, _upstreamFailure) = (true, failure);
        GoOn();
    }

    private void GoOn()
    {
        while (!_isBusy && !HasEnded)
        {
            if (MustFlush)
            {
                Flush();
            }
            else if (!_element.IsEmpty)
            {
                if (!TryFillBlock())
                {
                    return; // until a write has completed
                }
            }
            else if (_hasUpstreamEnded)
            {
                Finish();
            }
            else
            {
                StartTimer();
                if (!HasBeenPulled(_stage.In))
                {
                    Pull(_stage.In);
                }

                return;
            }
        }
    }

    private bool MustFlush =>
        _control.IsFlushAsked ||
        (_taken > _durable &&
         (_isFlushDue || _taken - _durable >= _policy.Bytes || (_policy.IsEachElement && _element.IsEmpty)));

    private void StartTimer()
    {
        if (_policy.Interval is { } interval && _taken > _durable && !IsTimerActive(FlushTimer))
        {
            ScheduleOnce(FlushTimer, interval);
        }
    }

    private void Flush()
    {
        _isBusy = true;
        WriteRest(() => Sync(EndBusy));
    }

    private void Finish()
    {
        _isBusy = true;
        WriteRest(() => CutPadding(() =>
        {
            if (_upstreamFailure is null && (_policy.AtEnd || _control.IsFlushAsked))
            {
                SyncFile(() => CloseOwned(Succeed));
            }
            else
            {
                CloseOwned(Succeed);
            }
        }));
    }

    private void EndBusy()
    {
        _isBusy = false;
        GoOn();
    }

    // Everything taken has been written.
    private void Sync(Action then)
    {
        if (_policy.IsEachElement)
        {
            _control.BeginFlush();
            Flushed(); // each write was durable
            then();
        }
        else
        {
            SyncFile(then);
        }
    }

    private void SyncFile(Action then)
    {
        _control.BeginFlush();
        Tell(new Aio.Flush(_file!)
        {
            Token = Then<Aio.Flushed>(_ =>
            {
                Flushed();
                then();
            }),
        });
    }

    private void Flushed()
    {
        (_durable, _isFlushDue) = (_taken, false);
        _control.Flushed(_durable);
    }

    private void Succeed()
    {
        if (_upstreamFailure is { } cause)
        {
            _control.Fail(new AbruptIOTerminationException(IOResult.Success(_taken), cause));
        }
        else
        {
            _control.Succeed(_taken, isDurable: _durable == _taken);
        }

        Complete();
    }
}
