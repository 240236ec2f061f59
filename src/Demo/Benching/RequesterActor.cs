using System.Diagnostics;
using Akka.Actor;

namespace AkkaAio.Demo.Benching;

/// <summary>
/// Keeps a command outstanding for each of its slots: every reply is recorded and followed by the next command. What it costs is the
/// command, the reply and one look at the clock.
/// </summary>
internal sealed class RequesterActor : UntypedActor
{
    private readonly AioFile _file;
    private readonly Workload _workload;
    private readonly Slot[] _slots;
    private readonly Recorder _recorder;
    private readonly Phase _phase;
    private readonly TaskCompletionSource _ended;
    private readonly IActorRef _aio = Context.System.Aio();
    private readonly Aio.FileCommand[] _batch;
    private int _outstanding;
    private int _gathered;

    public RequesterActor(
        AioFile file, Workload workload, Slot[] slots, Recorder recorder, Phase phase, TaskCompletionSource ended, int batch)
    {
        _file = file;
        _workload = workload;
        _slots = slots;
        _recorder = recorder;
        _phase = phase;
        _ended = ended;
        _batch = new Aio.FileCommand[Math.Min(batch, slots.Length)];
    }

    protected override void PreStart()
    {
        _outstanding = _slots.Length;
        foreach (var slot in _slots)
        {
            TellNext(slot, Stopwatch.GetTimestamp());
        }
    }

    protected override void OnReceive(object message)
    {
        var now = Stopwatch.GetTimestamp();
        switch (message)
        {
            case Aio.ReadIntoCompleted read when read.Count == read.Command.Length:
                OnDone(OperationKind.Read, (Slot)read.Token!, now);
                break;
            case Aio.WriteCompleted written:
                OnDone(OperationKind.Write, (Slot)written.Token!, now);
                break;
            case Aio.Flushed flushed:
                OnDone(OperationKind.Sync, (Slot)flushed.Token!, now);
                break;
            case Aio.ReadIntoCompleted read:
                OnFailed(ShortRead.Of(read.Command.File, read.Command.Offset, read.Count, read.Command.Length));
                break;
            case Aio.CommandFailed failed:
                OnFailed(failed.Cause);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnDone(OperationKind kind, Slot slot, long now)
    {
        if (_phase.IsMeasuring)
        {
            _recorder.Record(kind, slot.Started, now);
        }

        if (_phase.IsStopped)
        {
            EndSlot();
        }
        else
        {
            TellNext(slot, now);
        }
    }

    // As fio: a slot ends with its first error. Going on would measure how fast errors are.
    private void OnFailed(Exception cause)
    {
        _recorder.Fail(cause);
        EndSlot();
    }

    private void EndSlot()
    {
        if (--_outstanding == _gathered)
        {
            TellGathered(); // nothing will come that would fill it
        }

        if (_outstanding == 0)
        {
            _ended.TrySetResult();
            Context.Stop(Self);
        }
    }

    // A command is told once: its offset is its own, and Cancel knows it by its identity.
    private void TellNext(Slot slot, long now)
    {
        slot.Started = now;
        var (kind, offset) = _workload.Next();
        Aio.FileCommand command = kind switch
        {
            OperationKind.Read => new Aio.ReadInto(_file, slot.Buffer, offset) { Token = slot },
            OperationKind.Write => new Aio.Write(_file, slot.Buffer, offset) { Token = slot },
            _ => new Aio.Flush(_file) { Token = slot },
        };
        if (_batch.Length == 1)
        {
            _aio.Tell(command);
            return;
        }

        _batch[_gathered++] = command;
        if (_gathered == _batch.Length || _gathered == _outstanding)
        {
            TellGathered();
        }
    }

    private void TellGathered()
    {
        if (_gathered > 0)
        {
            _aio.Tell(new Aio.Batch(_batch.AsSpan(0, _gathered)));
            _gathered = 0;
        }
    }

    /// <summary>One outstanding operation.</summary>
    public sealed class Slot(AioBuffer buffer)
    {
        public AioBuffer Buffer => buffer;

        public long Started { get; set; }
    }
}
