using System.Collections;

namespace AkkaAio.TestKit;

/// <summary>
/// The images that power cuts may leave: one cut after each thing that has happened to the disk, and of each cut every image, or as many as
/// <see cref="CrashOptions.MaxImagesPerCut"/> drawn by the seed. The same options give the same images, by the same numbers.
/// </summary>
/// <remarks>
/// Cuts that may leave the same images are one: the last of them, before which the most was acknowledged. What happens to the disk
/// afterwards is not in here.
/// </remarks>
public sealed class CrashImages : IEnumerable<CrashImage>
{
    // Of one write that is torn there are the most images.
    private static readonly CrashModel[] Drawn = [CrashModel.Torn, CrashModel.Prefix, CrashModel.Torn, CrashModel.Reorder];

    private readonly AioTestDisk _disk;
    private readonly List<CutPoint> _cuts;
    private readonly string _source;

    internal CrashImages(AioTestDisk disk, HistorySnapshot snapshot, int from, CrashOptions options, string source)
    {
        if (options.MaxImagesPerCut < 2 || options.Parallelism < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options, "MaxImagesPerCut is at least 2, all lost and nothing lost, and Parallelism at least 0");
        }

        (_disk, _cuts, Options) = (disk, CutPoint.Of(snapshot, from), options);
        _source = $"{source}new CrashOptions {{ Seed = {options.Seed}, MaxImagesPerCut = {options.MaxImagesPerCut} }})";
    }

    /// <summary>What was asked for.</summary>
    public CrashOptions Options { get; }

    /// <summary>How many moments there are at which the power may go.</summary>
    public int CutPoints => _cuts.Count;

    /// <summary>Images that are looked at. Goes through all cuts.</summary>
    public long Count => Enumerable.Range(0, CutPoints).Sum(cut => CountOf(At(cut)));

    /// <summary>Whether these are all images that there are. Goes through all cuts.</summary>
    public bool IsExhaustive => Enumerable.Range(0, CutPoints).All(cut => !IsSampled(At(cut)));

    /// <summary>One image of one cut, by their numbers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such cut, or it has no such image.</exception>
    public CrashImage this[int cut, long number]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(cut);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(cut, CutPoints);
            var images = At(cut);
            ArgumentOutOfRangeException.ThrowIfNegative(number);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, CountOf(images));
            return Image(cut, images, number);
        }
    }

    /// <summary>
    /// Whether one of the cuts may leave the file with just these bytes: exact, by its length and each of its sectors, however many images
    /// there are.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="bytes">All of its bytes; null: there is no such file.</param>
    public bool CanLeave(string path, byte[]? bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = MemoryEngine.FullPathOf(path);
        return Enumerable.Range(0, CutPoints).Any(cut => At(cut).CanLeave(path, bytes));
    }

    /// <summary>
    /// Shows each image to the judge, several at a time. First it tries the judge: one that accepts an image without the data that was
    /// acknowledged would find no loss, and is refused.
    /// </summary>
    /// <param name="judge">Throws when something is missing that was acknowledged, and says what. Any thread calls it.</param>
    /// <exception cref="CrashException">It has thrown: has the first such image, and says how to get it again.</exception>
    /// <exception cref="AioTestException">The judge is refused, or nothing was acknowledged.</exception>
    public CrashFigures Verify(Action<CrashImage> judge)
    {
        ArgumentNullException.ThrowIfNull(judge);
        return new CrashSearch(this, image =>
        {
            judge(image);
            return Task.CompletedTask;
        }).RunAsync().GetAwaiter().GetResult();
    }

    /// <summary>
    /// As <see cref="Verify"/>, for a judge that awaits: one that opens the files by an actor system of the image's own disk.
    /// </summary>
    /// <inheritdoc cref="Verify"/>
    public Task<CrashFigures> VerifyAsync(Func<CrashImage, Task> judge)
    {
        ArgumentNullException.ThrowIfNull(judge);
        return new CrashSearch(this, judge).RunAsync();
    }

    /// <summary>The images, cut by cut. They are made as they are asked for.</summary>
    public IEnumerator<CrashImage> GetEnumerator()
    {
        for (var cut = 0; cut < CutPoints; cut++)
        {
            var images = At(cut);
            for (var number = 0L; number < CountOf(images); number++)
            {
                yield return Image(cut, images, number);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal CutImages At(int cut) => new(_cuts[cut]);

    internal CutPoint Last => _cuts[^1];

    internal bool IsSampled(CutImages images) => images.Count > Options.MaxImagesPerCut;

    internal long CountOf(CutImages images) => Math.Min(images.Count, Options.MaxImagesPerCut);

    internal CrashImage Image(int cut, CutImages images, long number)
    {
        var random = CrashRandom.Of(Options.Seed, images.Cut.Tick, number);
        var files = !IsSampled(images) ? images.Image(number)
            : number == 0 ? images.Draw(CrashModel.DropUnsynced, random)
            : images.Draw(Drawn[number % Drawn.Length], random, keepsAll: number == 1);
        return Make(cut, images.Cut, files, number, $"{_source}[{cut}, {number}]");
    }

    internal CrashImage Make(int cut, CutPoint at, Dictionary<string, CrashFile> files, long number, string repeat) =>
        new(_disk, at, files, cut, number, repeat);
}
