using Akka.Actor;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Tests.Model;

/// <summary>
/// Plays the steps of a schedule: three requesters, one of which throws, tell commands through four opens at a time, of fewer files. Every
/// call does one thing and waits for nothing, so that anything can happen between two.
/// </summary>
internal sealed class Player
{
    private const int OpenFiles = 4;

    private readonly ActorSystem _system;
    private readonly AioExt _aio;
    private readonly Kernel _kernel;
    private readonly Journal _journal;
    private readonly Schedule _schedule;
    private readonly Requester[] _requesters;
    private readonly List<ScheduleFile> _paths = [];
    private readonly List<OpenFile> _files = [];
    private readonly Dictionary<AioFile, OpenFile> _byFile = [];
    private List<Aio.FileCommand>? _batch;
    private readonly Random _opens;
    private Entry? _awaited;
    private int _requestersMade;
    private int _next;
    private bool _ending;
    private bool _systemEnds;

    public Player(ActorSystem system, Kernel kernel, Schedule schedule)
    {
        (_system, _kernel, _journal, _schedule) = (system, kernel, kernel.Journal, schedule);
        _aio = AioExt.Get(system);
        _opens = new Random(schedule.Seed);
        _requesters = [NewRequester(throws: false), NewRequester(throws: true), NewRequester(throws: false)];
    }

    /// <summary>Whether the next step would have to wait for a reply.</summary>
    public bool Waits =>
        (_awaited is not null && !_journal.IsAnswered(_awaited)) || (!IsAtEnd && !MustOpen && !_files.Exists(CanBeTold));

    /// <summary>Every step is taken.</summary>
    public bool IsAtEnd => _next == _schedule.Steps.Length;

    /// <summary>Nothing is left to do or to wait for.</summary>
    public bool IsOver => _ending && _journal.Unanswered == 0 && _kernel.Memory.OpenFiles == 0 && _aio.Shards.All(ShardState.IsQuiet);

    /// <summary>It is time for the end of the system.</summary>
    public bool MustEndSystem => _next >= _schedule.EndsAt;

    /// <summary>From now on replies may be dead letters, and actors cannot be made.</summary>
    public void EndsSystem() => _journal.SystemEnds = _systemEnds = true;

    /// <summary>Tells some more commands to a system that has ended.</summary>
    public void TellToTheDead(int most)
    {
        for (var more = most; more > 0 && !IsAtEnd && _files.Exists(CanBeTold); more--)
        {
            Tell(_schedule.Steps[_next++]);
        }
    }

    /// <summary>Behind the end: everything has its reply.</summary>
    public void CheckAnswers() =>
        Xunit.Assert.True(_journal.Unanswered == 0, $"the system has ended, and there is {Describe()}");

    /// <summary>Does the next thing, if there is one.</summary>
    public void Step()
    {
        CheckBounds();
        if (Waits)
        {
            return;
        }

        if (IsAtEnd)
        {
            End();
        }
        else if (MustOpen)
        {
            Open();
        }
        else
        {
            var step = _schedule.Steps[_next++];
            Happen(step);
            Tell(step);
        }
    }

    public void Check()
    {
        _journal.Check();
        foreach (var path in _paths)
        {
            path.Check(_kernel.Memory.ReadAllBytes, _journal);
        }
    }

    /// <summary>For the message of a schedule that hangs.</summary>
    public string Describe() =>
        $"step {_next}, no reply to {string.Join(", ", _journal.Describe(entry => entry.Reply is null).Take(20))}; " +
        $"files {_kernel.Memory.OpenFiles}; {string.Join("; ", _aio.Shards.Select(ShardState.Describe))}";

    private bool MustOpen => _files.Count(file => !file.Ending && !file.Failed) < OpenFiles;

    private static bool CanBeTold(OpenFile file) => file.File is not null;

    private Requester NewRequester(bool throws) =>
        new(_system, _journal, _kernel.Stepper, ++_requestersMade, throws);

    private void Open()
    {
        var number = _files.Count;
        var owner = number % 2 == 1 && !_systemEnds ? _system.ActorOf(Props.Create(() => new OwnerActor()), $"owner-{number}") : null;
        // Half of them of a file that is open or was: as it is, for the first open has an answer.
        var others = _files.Where(file => file.File is not null).TakeLast(OpenFiles).ToArray();
        var shares = others.Length > 0 && _opens.Next(2) == 0;
        var sectors = shares ? 0 : _opens.Next(3) * 8;
        if (!shares)
        {
            _paths.Add(new ScheduleFile($"/schedule-{_paths.Count}", sectors));
        }

        var path = shares ? others[_opens.Next(others.Length)].Of : _paths[^1];
        var open = new Aio.Open(path.Path, new()
        {
            Mode = shares ? FileMode.OpenOrCreate : FileMode.Create,
            Access = FileAccess.ReadWrite,
            PreallocationSize = sectors * OpenFile.Sector,
            GrowAhead = Math.Max(0, _opens.Next(5) - 2) * 4 * OpenFile.Sector,
            Direct = _opens.Next(4) == 0 ? DirectIo.Off : DirectIo.Auto,
            Owner = owner,
        });
        path.Opens.Add(new OpenFile(_journal.Told(open), path, owner, oneOrder: _kernel.Stepper is not null));
        _files.Add(path.Opens[^1]);
        _aio.Ref.Tell(open, _requesters[0]);
    }

    // On real threads a command may be on its way from one count to the other.
    private void CheckBounds()
    {
        if (_kernel.Stepper is not null &&
            Array.Find(
                _aio.Shards,
                shard => shard.Counters.Queued + shard.Loop.Admission.HeldCount > _aio.Settings.MaxQueueSize) is { } shard)
        {
            _journal.Violation(new InvalidOperationException($"more waits than max-queue-size: {ShardState.Describe(shard)}"));
        }
    }

    // Behind this, all is to end by itself.
    private void End()
    {
        if (_ending)
        {
            return;
        }

        _kernel.Faults.End();
        foreach (var file in _files.Where(file => !file.Ending))
        {
            if (file is { File: null, Failed: false })
            {
                return; // wait for its Open
            }

            file.Ending = true;
            if (file.File is { } opened)
            {
                Tell(new Aio.Close(opened), file, _requesters[0]);
            }
        }

        _ending = true;
    }

    private void Happen(Step step)
    {
        switch (step.Event)
        {
            case StepEvent.AwaitReply:
                _awaited = _journal.AnyUnanswered(step.A, _ => true);
                break;
            case StepEvent.Release:
                _kernel.Faults.Release(_kernel.Memory, 1 + (step.A % 8), step.B);
                break;
            case StepEvent.OwnerDies when _files.Find(file => file.Owner is not null && !file.Ending) is { } file:
                file.Ending = true;
                if (step.A % 2 == 0)
                {
                    _system.Stop(file.Owner);
                }
                else
                {
                    file.Owner.Tell(PoisonPill.Instance);
                }

                break;
            case StepEvent.RequesterDies:
                _requesters[2].Die();
                _requesters[2] = NewRequester(throws: false);
                break;
            case StepEvent.CrashShard:
                _kernel.Faults.CrashShard();
                break;
            case StepEvent.CrashReaper:
                _kernel.Faults.CrashReaper();
                break;
            case StepEvent.OtherWrites when _kernel.Stepper is not null && _files.Exists(CanBeTold):
                OtherWrites(FileOf(step.A).File.Of, step.B % OpenFile.Sectors);
                break;
            default:
                break;
        }
    }

    // On real threads it could come between the look at a tail and its cut: a window that is documented.
    private void OtherWrites(ScheduleFile file, int sector)
    {
        var (stamp, at) = (file.NextStamp(), sector * (long)OpenFile.Sector);
        var data = new byte[OpenFile.Sector];
        data.AsSpan().Fill(Entry.ValueOf(stamp, sector));
        try
        {
            using var other = _kernel.Memory.Open(file.Path, new IoFileOptions { Mode = FileMode.Open, Access = FileAccess.Write });
            _ = other.Write(data, at, dataSync: false);
        }
        catch (AioSystemException)
        {
            return; // it has not
        }

        file.Foreign.Add(new ForeignWrite(_journal.OtherWrites(file.Path, at + data.Length), at, at + data.Length, stamp));
    }

    private void Tell(Step step)
    {
        var (file, opened) = FileOf(step.A);
        var requester = _requesters[step.B % _requesters.Length];
        var number = step.B / _requesters.Length;
        switch (step.Kind)
        {
            case StepKind.Write:
                Write(file, opened, requester, step.A / 64, number);
                break;
            case StepKind.Cancel when Outstanding(step.A, step.B) is { Command: Aio.FileCommand command }:
                Tell(new Aio.Cancel(command), _byFile[command.File], requester);
                break;
            case StepKind.Read or StepKind.Cancel:
                Tell(new Aio.RentRead(opened, step.A / 64 % (OpenFile.Sectors * OpenFile.Sector), LengthOf(number)), file, requester);
                break;
            case StepKind.ReadInto:
                ReadInto(file, opened, requester, step.A / 64, number);
                break;
            case StepKind.Flush:
                Tell(new Aio.Flush(opened), file, requester);
                break;
            case StepKind.SetLength:
                Tell(new Aio.SetLength(opened, step.A / 64 % OpenFile.Sectors * OpenFile.Sector), file, requester);
                break;
            case StepKind.Allocate:
                Tell(new Aio.Allocate(opened, 0, (1 + (step.A / 64 % OpenFile.Sectors)) * OpenFile.Sector), file, requester);
                break;
            case StepKind.AwaitRoom:
                Tell(new Aio.AwaitRoom(opened, step.A / 64 % (OpenFile.Sectors * OpenFile.Sector)), file, requester);
                break;
            case StepKind.Close:
                file.Ending = true;
                Tell(new Aio.Close(opened), file, requester);
                break;
            case StepKind.Batch when _batch is null:
                TellBatch(requester, 1 + (number % 8));
                break;
            case StepKind.Batch:
                break; // in another
            default:
                throw new InvalidOperationException($"no such step: {step}");
        }
    }

    private void TellBatch(Requester requester, int count)
    {
        _batch = [];
        for (; count > 0 && !IsAtEnd; count--)
        {
            Tell(_schedule.Steps[_next++]);
        }

        var batch = new Aio.Batch([.. _batch]);
        _batch = null;
        _aio.Ref.Tell(batch, requester);
    }

    private void Write(OpenFile file, AioFile opened, Requester requester, int where, int how)
    {
        var sectors = 1 + (how % 3);
        var first = where % (OpenFile.Sectors - sectors + 1);
        var stamp = file.Of.NextStamp();
        var buffer = how / 4 % 2 == 0 ? TryRent(sectors * OpenFile.Sector) : null;
        var data = buffer?.Memory ?? new byte[sectors * OpenFile.Sector];
        for (var i = 0; i < sectors; i++)
        {
            data.Slice(i * OpenFile.Sector, OpenFile.Sector).Span.Fill(Entry.ValueOf(stamp, first + i));
        }

        var durability = how / 8 % 4 == 0 ? AioDurability.Dsync : AioDurability.None;
        Aio.TransferCommand write = how / 512 % 4 == 0
            ? new Aio.WriteV(opened, [.. SectorsOf(data).Select(part => (ReadOnlyMemory<byte>)part)], first * OpenFile.Sector)
            {
                Durability = durability,
            }
            : new Aio.Write(opened, data, first * OpenFile.Sector) { Durability = durability };
        Tell(write, file, requester, stamp, buffer);
        if (how / 32 % 16 == 0)
        {
            buffer?.Dispose(); // allowed: the context has a reference of its own, or else refuses
        }
    }

    private void ReadInto(OpenFile file, AioFile opened, Requester requester, int where, int how)
    {
        if (how % 2 == 0 && TryRent((1 + (how / 2 % 4)) * OpenFile.Sector) is { } buffer)
        {
            Tell(ReadOf(opened, where % OpenFile.Sectors * OpenFile.Sector, buffer.Memory, how), file, requester, 0, buffer);
        }
        else
        {
            var offset = where % (OpenFile.Sectors * OpenFile.Sector);
            Tell(ReadOf(opened, offset, new byte[LengthOf(how / 2)], how), file, requester);
        }
    }

    // Null when the system has ended, and its pool with it.
    private AioBuffer? TryRent(int length)
    {
        try
        {
            return _aio.Pool.Rent(length);
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    private static Aio.TransferCommand ReadOf(AioFile opened, long offset, Memory<byte> destination, int how) => how / 512 % 4 == 0
        ? new Aio.ReadV(opened, [.. SectorsOf(destination)], offset)
        : new Aio.ReadInto(opened, destination, offset);

    private static IEnumerable<Memory<byte>> SectorsOf(Memory<byte> memory)
    {
        for (var at = 0; at < memory.Length; at += OpenFile.Sector)
        {
            yield return memory.Slice(at, Math.Min(OpenFile.Sector, memory.Length - at));
        }
    }

    private void Tell(Aio.FileCommand command, OpenFile file, Requester requester, int stamp = 0, AioBuffer? buffer = null)
    {
        _byFile[command.File] = file;
        file.History.Add(_journal.Told(command, stamp, buffer));
        if (_batch is null)
        {
            _aio.Ref.Tell(command, requester);
        }
        else
        {
            _batch.Add(command);
        }
    }

    private static int LengthOf(int number) => 1 + (number % (4 * OpenFile.Sector));

    // Rarely one that is closed or about to be: what is told to it is refused.
    private (OpenFile File, AioFile Opened) FileOf(int number)
    {
        var known = _files.Where(CanBeTold).ToArray();
        var open = known.Where(file => !file.Ending).ToArray();
        var any = number % 16 == 0 || open.Length == 0;
        var file = any ? known[^(1 + (number / 16 % Math.Min(known.Length, 4)))] : open[number / 16 % open.Length];
        return (file, file.File!);
    }

    // Mostly a command that has no reply yet; sometimes any.
    private Entry? Outstanding(int a, int b) => b % 8 == 0
        ? _journal.Entries[a % _journal.Entries.Count] is { Command: Aio.FileCommand and not Aio.Cancel } any ? any : null
        : _journal.AnyUnanswered(a, entry => entry.Command is Aio.FileCommand and not Aio.Cancel);

    private sealed class OwnerActor : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
