using System.Buffers.Binary;
using Akka.Actor;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Demo.Sum;

/// <summary>
/// Writes block i with the integer i, reads all back and has the integers added, with a bounded number of operations in flight.
/// </summary>
/// <remarks>
/// <code>
/// Open ──► Allocate ──► Write … Write ──► Flush ──► ReadInto … ReadInto ──► GetSum ──► GetStats ──► Close ──► result
///   any failure, or a stop: wait for what is in flight ──► Close ──► failure
/// </code>
/// </remarks>
internal sealed class SumActor : UntypedActor
{
    private const int BlockSize = 4096;

    private readonly SumJob _job;
    private readonly TaskCompletionSource<SumResult> _result;
    private readonly IActorRef _aio = Context.System.Aio();
    private readonly IActorRef _adder = Context.ActorOf(Props.Create(() => new AdderActor()), "adder");
    private AioFile? _file;
    private bool _reading;
    private int _next;
    private int _inFlight;
    private long _sum;
    private SumResult? _success;
    private Exception? _failure;

    // Elsewhere, and with the switch that tests set, no open is direct.
    private static bool KnowsDirectIo =>
        OperatingSystem.IsLinux() && !(AppContext.TryGetSwitch("AkkaAio.Portable", out var isPortable) && isPortable);

    public SumActor(SumJob job, TaskCompletionSource<SumResult> result)
    {
        _job = job;
        _result = result;
    }

    // A failure of the code itself: the verb must not wait for an answer that nobody will give.
    protected override void PreRestart(Exception reason, object message)
    {
        _result.TrySetException(reason);
        base.PreRestart(reason, message);
    }

    protected override void PreStart() => _aio.Tell(new Aio.Open(_job.Target.Path, new AioOpenOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.ReadWrite,
        Direct = KnowsDirectIo ? DirectIo.Required : DirectIo.Auto,
    }));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Aio.Opened opened:
                OnOpened(opened);
                break;
            case Aio.CommandFailed { Command: Aio.Open open, Cause: var cause }:
                OnOpenFailed(open, cause);
                break;
            case Aio.CommandFailed { Command: Aio.Allocate, Cause: AioSystemException { Errno: Errno.EOPNOTSUPP } }:
            case Aio.Allocated:
                StartBlocks();
                break;
            case Aio.WriteCompleted written:
                OnBlockDone((AioBuffer)written.Token!);
                break;
            case Aio.Flushed:
                _reading = true;
                _next = 0;
                StartBlocks();
                break;
            case Aio.ReadIntoCompleted read:
                OnRead(read);
                break;
            case AdderActor.Total total:
                _sum = total.Sum;
                _aio.Tell(new Aio.GetStats());
                break;
            case Aio.Stats stats:
                _success = new SumResult(_sum, _job.Blocks, stats.Shards);
                _aio.Tell(new Aio.Close(_file!));
                break;
            case Aio.CommandFailed { Command: Aio.TransferCommand transfer, Cause: var cause }:
                _inFlight--;
                ((AioBuffer)transfer.Token!).Dispose();
                Fail(cause);
                break;
            case Aio.CommandFailed { Command: not Aio.Close, Cause: var cause }:
                Fail(cause);
                break;
            case Aio.Closed or Aio.CommandFailed:
                Finish();
                break;
            case Stop stop:
                Fail(new OperationCanceledException(stop.Token));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnOpened(Aio.Opened opened)
    {
        _file = opened.File;
        var wasThere = opened.Command.Options.Mode == FileMode.Open;
        if (wasThere && _file.Length != 0)
        {
            Fail(new DemoException(
                $"{_job.Target.Path} holds {_file.Length} bytes already; give a file that is not there or is empty"));
            return;
        }

        _job.Target.Touched(_file.Path, wasThere);
        if (_failure is not null)
        {
            CloseWhenQuiet(); // stopped meanwhile
        }
        else if (_job.Blocks == 0)
        {
            StartBlocks();
        }
        else
        {
            // Ahead: a direct write that extends the file would block in io_submit.
            _aio.Tell(new Aio.Allocate(_file, 0, (long)_job.Blocks * BlockSize));
        }
    }

    private void OnOpenFailed(Aio.Open open, Exception cause)
    {
        if (open.Options.Mode == FileMode.CreateNew && cause is AioSystemException { Errno: Errno.EEXIST } && _failure is null)
        {
            _aio.Tell(new Aio.Open(open.Path, open.Options with { Mode = FileMode.Open }));
            return;
        }

        _failure ??= cause;
        Finish();
    }

    /// <summary>Puts the first operations of the writing or the reading in flight; each one that completes starts the next.</summary>
    private void StartBlocks()
    {
        if (_failure is not null)
        {
            CloseWhenQuiet();
            return;
        }

        if (!_reading)
        {
            _job.Meter.AddTotal(2L * _job.Blocks * BlockSize);
        }

        try
        {
            while (_inFlight < _job.Concurrency && _next < _job.Blocks)
            {
                var buffer = _job.Pool.Rent(BlockSize);
                buffer.GetSpan().Clear();
                StartNext(buffer);
            }
        }
        catch (AioBufferBudgetException e)
        {
            Fail(e);
        }

        GoOnWhenQuiet();
    }

    private void StartNext(AioBuffer buffer)
    {
        var block = _next++;
        var offset = (long)block * BlockSize;
        _inFlight++;
        if (_reading)
        {
            _aio.Tell(new Aio.ReadInto(_file!, buffer, offset) { Token = buffer });
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(buffer.GetSpan(), block);
            _aio.Tell(new Aio.Write(_file!, buffer, offset) { Token = buffer });
        }
    }

    private void OnRead(Aio.ReadIntoCompleted read)
    {
        var buffer = (AioBuffer)read.Token!;
        if (read.Count == BlockSize)
        {
            _adder.Tell(new AdderActor.Add(BinaryPrimitives.ReadInt32LittleEndian(buffer.GetSpan())));
        }
        else
        {
            _failure ??= new DemoException(
                $"{_file!.Path}: only {read.Count} of {BlockSize} bytes at offset {read.Command.Offset}; something else cut the file");
        }

        OnBlockDone(buffer);
    }

    private void OnBlockDone(AioBuffer buffer)
    {
        _inFlight--;
        _job.Meter.AddDone(BlockSize);
        if (_failure is null && _next < _job.Blocks)
        {
            StartNext(buffer);
            return;
        }

        buffer.Dispose();
        GoOnWhenQuiet();
    }

    private void GoOnWhenQuiet()
    {
        if (_inFlight > 0)
        {
            return;
        }

        if (_failure is not null)
        {
            CloseWhenQuiet();
        }
        else if (_reading)
        {
            _adder.Tell(AdderActor.GetSum.Instance); // behind all that was told to be added
        }
        else
        {
            _aio.Tell(new Aio.Flush(_file!));
        }
    }

    private void Fail(Exception cause)
    {
        _failure ??= cause;
        CloseWhenQuiet();
    }

    // A file that is just being opened is closed when it is open. A second Close would only be refused.
    private void CloseWhenQuiet()
    {
        if (_inFlight == 0 && _file is not null)
        {
            _aio.Tell(new Aio.Close(_file));
        }
    }

    private void Finish()
    {
        if (_failure is not null)
        {
            _result.TrySetException(_failure);
        }
        else
        {
            _result.TrySetResult(_success!);
        }
    }

    /// <summary>End early, with nothing left in flight.</summary>
    public sealed record Stop(CancellationToken Token);
}
