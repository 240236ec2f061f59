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
    private readonly HashSet<string> _uncut = [];
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
            Trace?.Add($"told {entry.Index} {Describe(command)}");
            return entry;
        }
    }

    public void Answered(Aio.Event reply, bool takes)
    {
        lock (_lock)
        {
            var entry = _byCommand[reply.RepliesTo];
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
        else if (call == "ftruncate")
        {
            lock (_lock)
            {
                _ = fails ? _uncut.Add(path) : _uncut.Remove(path);
            }
        }
    }

    /// <summary>The last ftruncate failed: what was allocated ahead may still be there.</summary>
    public bool IsUncut(string path) => _uncut.Contains(path);

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
