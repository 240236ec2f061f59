using System.Text;

namespace AkkaAio.TestKit;

/// <summary>
/// What a power cut may leave of a disk: its files, and what the test had acknowledged before. Any thread may read it, and it stays what
/// it is, whatever happens to the disk.
/// </summary>
public sealed class CrashImage
{
    private const int MostChangesInText = 8;

    private readonly AioTestDisk _disk;
    private readonly CutPoint _cut;

    internal CrashImage(AioTestDisk disk, CutPoint cut, Dictionary<string, CrashFile> files, int cutNumber, long number, string repeat)
    {
        (_disk, _cut, Files, Cut, Number, Repeat) = (disk, cut, files, cutNumber, number, repeat);
        Acknowledged = new ArraySegment<object>(cut.Snapshot.Tags, 0, cut.Acknowledged);
    }

    /// <summary>The files, by their absolute paths; a relative one finds its file too.</summary>
    public IReadOnlyDictionary<string, CrashFile> Files { get; }

    /// <summary>
    /// What was given to <see cref="AioTestDisk.Acknowledge"/> before the cut, in order: what must be found in this image.
    /// </summary>
    public IReadOnlyList<object> Acknowledged { get; }

    /// <summary>The number of the cut in its sequence, from 0 on.</summary>
    public int Cut { get; }

    /// <summary>The number of the image among those of its cut, from 0 on; 0 has lost all that was not durable.</summary>
    public long Number { get; }

    /// <summary>How to get this image again, in C#, from a disk to which the same was done in the same order.</summary>
    public string Repeat { get; }

    /// <summary>A disk that begins with these files, all of them durable: for an actor system that starts after the power cut.</summary>
    public AioTestDisk ToDisk() => new(_disk, Files);

    /// <summary>What has become of what was not durable, and how to get this image again.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Repeat}: power cut {Cut} after {Acknowledged.Count} acknowledgements");
        if (Acknowledged.Count > 0)
        {
            text.Append($", the last is {Acknowledged[^1]}");
        }

        var held = _cut.WindowOfNames().Where(change => change.Durable > _cut.Tick).ToArray();
        foreach (var change in held)
        {
            text.Append($"; not durable: {change}");
        }

        foreach (var (path, file) in Files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            text.Append($"; {path} of {file.Length} bytes");
            Describe(text, file);
        }

        return text.Append(Files.Count == 0 ? "; no files" : "").ToString();
    }

    private static void Describe(StringBuilder text, CrashFile file)
    {
        var left = new Dictionary<Change, (int Rank, int Kept, int All)>();
        for (var sector = 0; sector < file.Choice.Sectors.Length; sector++)
        {
            foreach (var version in file.Choice.Sectors[sector].Versions.Where(version => version.Change is not null))
            {
                var (_, kept, all) = left.GetValueOrDefault(version.Change!);
                left[version.Change!] = (version.Rank, kept + (file.VersionOf(sector).Rank == version.Rank ? 1 : 0), all + 1);
            }
        }

        foreach (var (change, (_, kept, all)) in left.OrderBy(change => change.Value.Rank).Take(MostChangesInText))
        {
            text.Append($", of its {change} {kept} of {all} sectors are there");
        }

        text.Append(left.Count > MostChangesInText ? $", and {left.Count - MostChangesInText} more" : "");
    }
}
