using System.Collections.Immutable;

namespace AkkaAio.TestKit;

/// <summary>
/// Something at which the images change that a power cut may leave. The file is null for a change of names.
/// </summary>
internal readonly record struct HistoryEvent(int Tick, FileHistory? File, bool MakesDurable);

/// <summary>
/// All that has been done to a disk since it was made, in order: each event has a tick of one clock. What a power cut at a tick may leave
/// follows from it (<see cref="CutPoint"/>).
/// </summary>
internal sealed class DiskHistory
{
    private readonly Lock _lock = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly List<NameChange> _names = [];
    private readonly List<(int Tick, object Tag)> _acknowledged = [];
    private int _clock;

    /// <summary>What the disk writes whole, in bytes.</summary>
    public int SectorSize { get; set; } = 512;

    /// <summary>The files that it was made with.</summary>
    public ImmutableDictionary<string, FileHistory> Initial { get; set; } = ImmutableDictionary<string, FileHistory>.Empty;

    /// <summary>The folder of an absolute path.</summary>
    public static string FolderOf(string path) => Path.GetDirectoryName(path) ?? "/";

    public void Acknowledge(object tag)
    {
        lock (_lock)
        {
            _acknowledged.Add((++_clock, tag));
        }
    }

    public void Named(string? removed, string? added, FileHistory? file)
    {
        lock (_lock)
        {
            _names.Add(new NameChange(removed, added, file, ++_clock));
            _events.Add(new HistoryEvent(_clock, null, MakesDurable: false));
        }
    }

    public void FolderSynced(string folder)
    {
        folder = Path.TrimEndingDirectorySeparator(folder);
        lock (_lock)
        {
            _clock++;
            _names.ForEach(change => change.FolderSynced(folder, _clock));
            _events.Add(new HistoryEvent(_clock, null, MakesDurable: true));
        }
    }

    /// <summary>Whatever has a tick has it under this lock. A file's own lock is taken before it.</summary>
    internal Lock Lock => _lock;

    internal int Now => _clock;

    internal int NextTick() => ++_clock;

    /// <summary>From the current tick on a cut may leave other images, or fewer.</summary>
    internal void ImagesChange(FileHistory file, bool makesDurable = false) =>
        _events.Add(new HistoryEvent(_clock, file, makesDurable));

    /// <summary>What has happened up to now, for a reader who takes his time.</summary>
    public HistorySnapshot Snapshot()
    {
        lock (_lock)
        {
            HistoryEvent[] events = [.. _events];
            var files = events.Select(happened => happened.File).OfType<FileHistory>().Distinct()
                .ToDictionary(file => file, file => file.CopyChanges());
            return new HistorySnapshot(this, _clock, events, [.. _names], [.. _acknowledged], files);
        }
    }
}

internal sealed record HistorySnapshot(
    DiskHistory History, int Clock, HistoryEvent[] Events, NameChange[] Names, (int Tick, object Tag)[] Acknowledged,
    Dictionary<FileHistory, Change[]> Files)
{
    public object[] Tags { get; } = [.. Acknowledged.Select(acknowledged => acknowledged.Tag)];
}
