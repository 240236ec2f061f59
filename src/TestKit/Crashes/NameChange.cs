using System.Collections.Immutable;

namespace AkkaAio.TestKit;

/// <summary>Names that were taken away or given, at once: the power cut leaves all of it or nothing.</summary>
internal sealed class NameChange(string? removed, string? added, FileHistory? file, int tick)
{
    private readonly HashSet<string> _unsynced =
        [.. new[] { removed, added }.OfType<string>().Select(DiskHistory.FolderOf)];

    public int Applied => tick;

    /// <summary>When the last of its folders was synced.</summary>
    public int Durable { get; private set; } = Change.Never;

    public ImmutableDictionary<string, FileHistory> ApplyTo(ImmutableDictionary<string, FileHistory> names)
    {
        names = removed is null ? names : names.Remove(removed);
        return added is null ? names : names.SetItem(added, file!);
    }

    public void FolderSynced(string folder, int at)
    {
        if (_unsynced.Remove(folder) && _unsynced.Count == 0)
        {
            Durable = at;
        }
    }

    public override string ToString() => removed is null ? $"creation of {added}"
        : added is null ? $"deletion of {removed}" : $"rename of {removed} to {added}";
}
