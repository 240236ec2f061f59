using AkkaAio.Tests.Model.Stepping;

namespace AkkaAio.Tests.Model;

/// <summary>Bytes from Start to End came into a file at a time, durably if with DataSync.</summary>
internal readonly record struct Written(long Start, long End, bool DataSync, long At);

/// <summary>What was told and answered in a schedule, in one order of time; and what should never have happened.</summary>
internal sealed class Journal
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly List<Entry> _unanswered = [];
    private readonly Dictionary<Aio.Command, Entry> _byCommand = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, List<(long Start, long End)>> _dataSyncs = [];
    private readonly Dictionary<string, List<Written>> _written = [];
    private readonly HashSet<string> _tails = [];
    private readonly Dictionary<string, List<(long At, long End)>> _tailsLeft = [];
    private readonly HashSet<string> _lookedInVain = [];
    private readonly Dictionary<string, (long Told, long Ahead, long Allocated)> _ends = [];
    private Exception? _violation;
    private long _clock;

    /// <summary>Told about each violation, on the thread that finds it.</summary>
    public Action<Exception>? OnViolation { get; set; }

    public Trace? Trace { get; init; }

    /// <summary>From now on replies may come from no shard any more.</summary>
    public bool SystemEnds { get; set; }

    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>Commands without a reply, in no order that means anything.</summary>
    public int Unanswered
    {
        get
        {
            lock (_lock)
            {
                return _unanswered.Count;
            }
        }
    }

    public long Tick() => Interlocked.Increment(ref _clock);

    public Entry Told(Aio.Command command, int stamp = 0, AioBuffer? buffer = null)
    {
        lock (_lock)
        {
            var entry = new Entry(_entries.Count, command, Tick(), stamp) { Buffer = buffer };
            _entries.Add(entry);
            _unanswered.Add(entry);
            _byCommand.Add(command, entry);
            CountEnd(command);
            Trace?.Add($"told {entry.Index} {Describe(command)}");
            return entry;
        }
    }

    public void Answered(Aio.Event reply, bool takes)
    {
        lock (_lock)
        {
            var entry = _byCommand[reply.Command];
            Trace?.Add($"answered {entry.Index} {reply.GetType().Name} {(reply as Aio.CommandFailed)?.Cause.GetType().Name}");
            if (entry.Reply is not null)
            {
                Violation(new InvalidOperationException($"{entry.Index}, {entry.Command.Name}, has a second reply: {reply}"));
                return;
            }

            entry.Answer(Tick(), reply, takes);
            _unanswered.Remove(entry);
        }
    }

    /// <summary>One of those without a reply.</summary>
    public Entry? AnyUnanswered(int number, Func<Entry, bool> which)
    {
        lock (_lock)
        {
            var count = _unanswered.Count;
            for (var i = 0; i < count; i++)
            {
                var entry = _unanswered[(number + i) % count];
                if (which(entry))
                {
                    return entry;
                }
            }

            return null;
        }
    }

    /// <summary>Whether it has its reply.</summary>
    public bool IsAnswered(Entry entry)
    {
        lock (_lock)
        {
            return entry.Reply is not null;
        }
    }

    /// <summary>An fdatasync that was begun at <paramref name="start"/> has succeeded.</summary>
    public void DataSynced(string path, long start)
    {
        lock (_lock)
        {
            if (!_dataSyncs.TryGetValue(path, out var syncs))
            {
                _dataSyncs.Add(path, syncs = []);
            }

            syncs.Add((start, Tick()));
        }
    }

    /// <summary>Bytes have come into a file.</summary>
    public void BytesWritten(string path, long offset, long count, bool dataSync)
    {
        lock (_lock)
        {
            if (!_written.TryGetValue(path, out var written))
            {
                _written.Add(path, written = []);
            }

            written.Add(new Written(offset, offset + count, dataSync, Tick()));
        }
    }

    /// <summary>What has come into a file.</summary>
    public IReadOnlyList<Written> WrittenTo(string path) => _written.GetValueOrDefault(path) ?? [];

    /// <summary>A blocking call for a file: how it goes on.</summary>
    public void FileCalled(string call, string path, bool fails)
    {
        lock (_lock)
        {
            Trace?.Add($"{call} {path} {(fails ? "fails" : "")}");
        }

        if (call == "fdatasync" && !fails)
        {
            DataSynced(path, Tick());
        }
        else if (call is "ftruncate" or "fiemap")
        {
            lock (_lock)
            {
                _ = fails ? _lookedInVain.Add(path) : _lookedInVain.Remove(path);
                _ = call == "ftruncate" && !fails && _tails.Remove(path);
            }
        }
    }

    /// <summary>The log says that a file stays longer than what was written to it: it may, where a look or a cut has failed.</summary>
    public void TailStays(string path)
    {
        lock (_lock)
        {
            Trace?.Add($"the tail of {path} stays");
            if (!_lookedInVain.Contains(path))
            {
                return; // others have written there
            }

            if (!_tailsLeft.TryGetValue(path, out var tails))
            {
                _tailsLeft.Add(path, tails = []);
            }

            _tails.Add(path);
            tails.Add((Tick(), _ends[path].Allocated));
        }
    }

    /// <summary>Another process writes. When.</summary>
    public long OtherWrites(string path, long end)
    {
        lock (_lock)
        {
            Trace?.Add($"another process writes to {path} up to {end}");
            CountEnd(path, end, ahead: 0);
            return Tick();
        }
    }

    /// <summary>A file is made longer, up to there: never behind what was told, unless it was opened so.</summary>
    public void Allocates(string path, long end)
    {
        lock (_lock)
        {
            var (told, ahead, allocated) = _ends[path];
            _ends[path] = (told, ahead, Math.Max(allocated, end));
            if (end > told + (ahead == 0 ? 0 : (2 * ahead) + OpenFile.Sector))
            {
                Violation(new InvalidOperationException(
                    $"{path} is made {end} bytes long, though nothing was told behind {told}, with a growth ahead by {ahead}"));
            }
        }
    }

    /// <summary>Zeros have stayed behind what was written to a file, and were not cut off since.</summary>
    public bool HasTail(string path) => _tails.Contains(path);

    /// <summary>When zeros stayed behind what was written to a file, and up to where.</summary>
    public IReadOnlyList<(long At, long End)> TailsLeft(string path) => _tailsLeft.GetValueOrDefault(path) ?? [];

    private void CountEnd(Aio.Command command)
    {
        var (path, end, ahead) = command switch
        {
            Aio.Open open => (open.Path, open.Options.PreallocationSize, open.Options.GrowAhead),
            Aio.TransferCommand { IsWrite: true } write => (write.File.Path, write.Offset + write.Length, 0),
            Aio.SetLength set => (set.File.Path, set.Length, 0),
            Aio.Allocate allocate => (allocate.File.Path, allocate.Offset + allocate.Length, 0),
            _ => ("", 0, 0),
        };
        CountEnd(path, end, ahead);
    }

    private void CountEnd(string path, long end, long ahead)
    {
        var ends = _ends.GetValueOrDefault(path);
        _ends[path] = (Math.Max(ends.Told, end), Math.Max(ends.Ahead, ahead), ends.Allocated);
    }

    public IReadOnlyList<(long Start, long End)> DataSyncsOf(string path) => _dataSyncs.GetValueOrDefault(path) ?? [];

    public void Violation(Exception violation)
    {
        lock (_lock)
        {
            _violation ??= violation;
        }

        OnViolation?.Invoke(violation);
    }

    /// <summary>Number and kind of some commands, for a message.</summary>
    public IEnumerable<string> Describe(Func<Entry, bool> which) =>
        _entries.Where(which).Select(entry => $"{entry.Index}: {entry.Command.GetType().Name}");

    private static string Describe(Aio.Command command) => command switch
    {
        Aio.TransferCommand transfer => $"{transfer.Name} {transfer.File.Path} {transfer.Offset} {transfer.Length}",
        Aio.SetLength set => $"{set.Name} {set.File.Path} {set.Length}",
        Aio.FileCommand other => $"{other.Name} {other.File.Path}",
        _ => command.Name,
    };

    /// <summary>Throws what should never have happened.</summary>
    public void Check()
    {
        if (_violation is not null)
        {
            throw new InvalidOperationException(_violation.Message, _violation);
        }
    }
}
