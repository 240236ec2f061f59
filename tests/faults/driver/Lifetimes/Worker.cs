using Akka.Actor;

namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>Tells and awaits what its random numbers say, until the system has ended and a little longer.</summary>
/// <remarks><c>Worker.Transfers.cs</c>: reads and writes. <c>Worker.Awaits.cs</c>: the Task façade.</remarks>
internal sealed partial class Worker
{
    private readonly Lifetime _life;
    private readonly Random _random;
    private readonly Requester _requester;
    private readonly Memories _memories;
    private readonly List<Task> _awaits = [];

    public Worker(Lifetime life, int number)
    {
        _life = life;
        _random = new Random((life.Seed * 31) + number);
        _memories = new Memories(life.Findings);
        var throwing = life.Has(Ingredients.Requesters) && number % 3 == 0 ? new Random(_random.Next()) : null;
        _requester = new Requester(
            life.Aio, life.Findings, throwing, new RootActorPath(life.System.Provider.DefaultAddress) / $"requester-{number}",
            life.System.Provider);
    }

    /// <summary>Takes steps until the system has ended; then some more.</summary>
    public async Task RunAsync()
    {
        await OpenAsync();
        while (!_life.HasEnded)
        {
            await StepAsync();
        }

        for (var i = 0; i < 50 && _life.Has(Ingredients.AfterTheEnd); i++)
        {
            await StepAsync();
        }
    }

    /// <summary>After the end: every command has its reply, every await has ended, and memory is untouched.</summary>
    public async Task CheckAsync()
    {
        await _requester.CheckAsync();
        try
        {
            await Task.WhenAll(_awaits).WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (TimeoutException)
        {
            _life.Findings.Add($"{_awaits.Count(task => !task.IsCompleted)} of {_awaits.Count} awaits have not ended");
        }

        _memories.Check();
    }

    private async Task StepAsync()
    {
        _life.StepTaken();
        if (_life.Files.Any(_random) is not { } open)
        {
            await OpenAsync();
            return;
        }

        switch (_random.Next(100))
        {
            case < 30:
                await TellTransferAsync(open);
                break;
            case < 40:
                await TellBatchAsync(open);
                break;
            case < 62:
                StartAwait(open);
                break;
            case < 66:
                await _requester.TellAsync(NewTold(out var flush), new Aio.Flush(open.File) { Token = flush });
                break;
            case < 68 when open is { Writes: true, Pattern.Keeps: false }:
                await _requester.TellAsync(
                    NewTold(out var set), new Aio.SetLength(open.File, _random.Next(PatternFile.Size + 1)) { Token = set });
                break;
            case < 70 when open is { Writes: true, Pattern.Keeps: false }:
                var offset = _random.Next(PatternFile.Size);
                await _requester.TellAsync(
                    NewTold(out var allocate),
                    new Aio.Allocate(open.File, offset, _random.Next(1, PatternFile.Size - offset + 1)) { Token = allocate });
                break;
            case < 72:
                await _requester.TellAsync(
                    NewTold(out var room), new Aio.AwaitRoom(open.File, _random.Next(PatternFile.Size)) { Token = room });
                break;
            case < 73:
                await _requester.TellAsync(NewTold(out var stats), new Aio.GetStats { Token = stats });
                break;
            case < 83 when _life.Has(Ingredients.Cancels):
                await TellCancelAsync();
                break;
            case < 86 when _life.Has(Ingredients.Twice):
                await TellTwiceAsync(open);
                break;
            case < 91 when _life.Files.Count < 12:
                await OpenAsync();
                break;
            case < 93:
                await EndOneAsync(open);
                break;
            case 93 when _random.Next(20) == 0 && _life.Has(Ingredients.Crashes):
                _life.CrashShard(_random);
                break;
            case < 96 when open is { Pattern.Keeps: true }:
                WriteFromOutside(open.Pattern);
                break;
            case 96:
                await Task.Yield();
                break;
            default:
                await TellTransferAsync(open);
                break;
        }
    }

    // A Close, told or awaited, once or twice; the death of the owner; or it is forgotten.
    private async Task EndOneAsync(OpenFile open)
    {
        _life.Files.Remove(open);
        switch (_random.Next(5))
        {
            case 0 when open.Owner is { } owner:
                _life.System.Stop(owner);
                break;
            case 0 or 1:
                await _requester.TellAsync(NewTold(out var close), new Aio.Close(open.File) { Token = close });
                break;
            case 2:
                await _requester.TellAsync(NewTold(out var first), new Aio.Close(open.File) { Token = first });
                _awaits.Add(Guarded(async () => await open.File.DisposeAsync()));
                break;
            case 3:
                _awaits.Add(Guarded(async () => await open.File.DisposeAsync()));
                break;
            default:
                break;
        }
    }

    private async Task TellCancelAsync()
    {
        if (_requester.AnyTold(_random) is { } command)
        {
            var cancel = new Aio.Cancel(command) { Token = NewTold(out var told) };
            await _requester.TellAsync(told, cancel);
            while (_random.Next(3) == 0)
            {
                cancel = new Aio.Cancel(cancel) { Token = NewTold(out told) };
                await _requester.TellAsync(told, cancel);
            }
        }
    }

    // Each telling has a reply, also when one Cancel meets both.
    private async Task TellTwiceAsync(OpenFile open)
    {
        var told = new Told(reply => (reply as Aio.RentReadCompleted)?.Buffer.Dispose()) { Times = 2 };
        var command = new Aio.RentRead(open.File, _random.Next(PatternFile.Size), _random.Next(1, 1 << 14)) { Token = told };
        await _requester.TellAsync(told, command);
        if (_random.Next(2) == 0 && _life.Has(Ingredients.Cancels))
        {
            await _requester.TellAsync(NewTold(out var cancel), new Aio.Cancel(command) { Token = cancel });
        }
    }

    private async Task OpenAsync()
    {
        var pattern = _life.Patterns[_random.Next(_life.Patterns.Length)];
        var owner = _random.Next(3) == 0 ? _life.NewOwner() : null;
        var access = _random.Next(6) == 0 ? FileAccess.Read : FileAccess.ReadWrite;
        var options = new AioOpenOptions
        {
            Mode = pattern.Keeps || _random.Next(3) > 0
                ? FileMode.OpenOrCreate
                : (FileMode)_random.Next((int)FileMode.CreateNew, (int)FileMode.Append),
            Access = access,
            Direct = pattern.Direct ?? (_random.Next(2) == 0 ? DirectIo.Off : DirectIo.Auto),
            PreallocationSize = access != FileAccess.Read && !pattern.Keeps && _random.Next(4) == 0 ? _random.Next(PatternFile.Size) : 0,
            OnBlockingThreads = _random.Next(6) == 0,
            Owner = owner ?? ActorRefs.Nobody,
        };
        if (_random.Next(2) == 0)
        {
            var told = new Told(reply =>
            {
                if (reply is Aio.Opened opened)
                {
                    _life.Files.Add(new OpenFile(opened.File, pattern, owner));
                }
            });
            await _requester.TellAsync(told, new Aio.Open(pattern.Path, options) { Token = told });
            return;
        }

        await Guarded(async () =>
        {
            using var cts = NewCancellation();
            _life.Files.Add(new OpenFile(await _life.Aio.OpenAsync(pattern.Path, options, cts?.Token ?? default), pattern, owner));
        });
    }

    // Another process might do so: its bytes stay, too.
    private void WriteFromOutside(PatternFile pattern)
    {
        var (offset, length) = WriteRange(pattern, 1, _random.Next(PatternFile.Size));
        using var handle = File.OpenHandle(pattern.Path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(handle, pattern.At(offset, length), offset);
        pattern.Acknowledge(offset, length);
    }

    private static Told NewTold(out Told told) => told = new Told();
}
