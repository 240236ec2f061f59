using System.Collections.Immutable;

namespace AkkaAio.TestKit;

/// <summary>All images that a cut at one moment may leave.</summary>
internal sealed class CutImages
{
    private readonly Dictionary<FileHistory, FileChoices> _files = [];
    private readonly NameChoice[] _names;

    public CutImages(CutPoint cut)
    {
        Cut = cut;
        var undecided = cut.WindowOfNames().Count(change => change.Durable > cut.Tick);
        _names = [.. Enumerable.Range(0, undecided + 1).Select(held => new NameChoice(this, cut.NamesWith(held)))];
        Count = _names.Aggregate(0L, (count, names) => Saturating.Add(count, names.Count));
    }

    public CutPoint Cut { get; }

    public long Count { get; }

    /// <summary>Whether the cut may leave the file so, whatever it leaves of others; null: no such file.</summary>
    public bool CanLeave(string path, byte[]? bytes) => Array.Exists(
        _names, names => names.Files.TryGetValue(path, out var file) ? bytes is not null && ChoicesOf(file).CanBe(bytes) : bytes is null);

    /// <summary>The files of an image, by its number from 0 on.</summary>
    public Dictionary<string, CrashFile> Image(long number)
    {
        var held = 0;
        for (; number >= _names[held].Count; held++)
        {
            number -= _names[held].Count;
        }

        var names = _names[held];
        var files = new Dictionary<string, CrashFile>(names.Files.Count, FullPathComparer.Instance);
        foreach (var (path, file) in names.Ordered)
        {
            var choices = ChoicesOf(file);
            files.Add(path, choices.Image(number % choices.Count));
            number /= choices.Count;
        }

        return files;
    }

    /// <summary>The files of one image that is drawn.</summary>
    public Dictionary<string, CrashFile> Draw(CrashModel how, CrashRandom random, bool keepsAll = false)
    {
        var draw = new CrashDraw(how, random, keepsAll);
        var names = _names[draw.Held(_names.Length - 1)];
        return names.Ordered.ToDictionary(named => named.Path, named => draw.Draw(ChoicesOf(named.File)), FullPathComparer.Instance);
    }

    private FileChoices ChoicesOf(FileHistory file) =>
        _files.TryGetValue(file, out var choices) ? choices : _files[file] = new FileChoices(Cut, file);

    private sealed class NameChoice
    {
        public NameChoice(CutImages images, ImmutableDictionary<string, FileHistory> files)
        {
            Files = files;
            Ordered = [.. files.Select(named => (named.Key, named.Value)).OrderBy(named => named.Key, StringComparer.Ordinal)];
            Count = Ordered.Aggregate(1L, (count, named) => Saturating.Multiply(count, images.ChoicesOf(named.File).Count));
        }

        public ImmutableDictionary<string, FileHistory> Files { get; }

        public (string Path, FileHistory File)[] Ordered { get; }

        public long Count { get; }
    }
}
