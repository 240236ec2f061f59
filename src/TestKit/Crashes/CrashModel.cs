namespace AkkaAio.TestKit;

/// <summary>What becomes of that which no flush has covered when the power goes.</summary>
[Flags]
public enum CrashModel
{
    /// <summary>All of it is gone.</summary>
    DropUnsynced = 1,

    /// <summary>What was done first is there, up to some moment; the rest is gone.</summary>
    Prefix = 2,

    /// <summary>Each write is there or gone, whatever became of the others.</summary>
    Reorder = 4,

    /// <summary>Each sector is there or gone, whatever became of the others.</summary>
    Torn = 8,

    /// <summary>One of these.</summary>
    Any = DropUnsynced | Prefix | Reorder | Torn,
}

/// <summary>How many of the possible images are looked at, and which.</summary>
public sealed record CrashOptions
{
    /// <summary>
    /// The most images of one cut: where a cut may leave more, this many of them are drawn by the seed, among them the one that has lost
    /// all that was not durable and the one that has lost nothing.
    /// </summary>
    public int MaxImagesPerCut { get; init; } = 1024;

    /// <summary>Draws the images of cuts that may leave too many.</summary>
    public int Seed { get; init; }

    /// <summary>How many images are judged at a time; 0: as many as there are processors.</summary>
    public int Parallelism { get; init; }

    /// <summary>
    /// Whether the judge is tried first, on images that have lost what was durable: it must refuse them. False only for a judge that no
    /// content of a file can displease.
    /// </summary>
    public bool TriesJudge { get; init; } = true;
}

/// <summary>How far a search for lost data went.</summary>
/// <param name="Images">Images that were judged.</param>
/// <param name="CutPoints">Moments at which the power went.</param>
/// <param name="SampledCutPoints">Those of them that may leave more images than were judged; 0: all that can be was judged.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record CrashFigures(long Images, int CutPoints, int SampledCutPoints, TimeSpan Elapsed)
{
    /// <summary>Whether every image of every cut was judged.</summary>
    public bool IsExhaustive => SampledCutPoints == 0;

    /// <inheritdoc/>
    public override string ToString() =>
        FormattableString.Invariant($"{Images} images of {CutPoints} cuts in {Elapsed.TotalSeconds:0.00} s, ") +
        FormattableString.Invariant($"{Images / Elapsed.TotalSeconds:0} a second; ") +
        (IsExhaustive ? "all that there are" : $"{SampledCutPoints} cuts have more images, of which some were drawn by the seed");
}
