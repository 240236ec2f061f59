using System.Numerics;

namespace AkkaAio.TestKit;

// Power cuts. A write is durable after a Flush that was accepted after it had completed and that succeeded, or by itself with Dsync. All
// else may be there, or not, or in part, when the power goes.
public sealed partial class AioTestDisk
{
    /// <summary>
    /// What the disk writes whole, in bytes: a power cut tears writes there. A power of two from 512 to 4096; 512 unless set.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none.</exception>
    public int SectorSize
    {
        get => History.SectorSize;
        init => History.SectorSize = value is >= 512 and <= 4096 && BitOperations.IsPow2(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SectorSize), value, "a disk's sectors have 512, 1024, 2048 or 4096 bytes");
    }

    private DiskHistory History => Engine.History!;

    internal AioTestDisk(AioTestDisk before, IReadOnlyDictionary<string, CrashFile> files)
        : this()
    {
        Engine.Alignment = before.Alignment;
        Time = before.Time;
        History.SectorSize = before.SectorSize;
        foreach (var (path, file) in files)
        {
            var history = new FileHistory(History, file.ToState());
            History.Initial = History.Initial.Add(path, history);
            Engine.Restore(path, history);
        }
    }

    /// <summary>
    /// Writes down what the code under test has told its user to be safe: the images of all later cuts have it in
    /// <see cref="CrashImage.Acknowledged"/>. Call it when the user is told, not before.
    /// </summary>
    public void Acknowledge(object tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        History.Acknowledge(tag);
    }

    /// <summary>A disk as it may be found after a power cut now. This one goes on.</summary>
    /// <param name="model">What becomes of that which is not durable; of several the seed chooses one.</param>
    /// <param name="seed">Chooses what is left. The same seed leaves the same of the same.</param>
    /// <exception cref="ArgumentOutOfRangeException">The model names nothing.</exception>
    public AioTestDisk PowerCut(CrashModel model = CrashModel.Any, int seed = 0)
    {
        if ((model & CrashModel.Any) == 0 || (model & ~CrashModel.Any) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(model), model, "a cut drops, keeps a prefix, reorders or tears");
        }

        var snapshot = History.Snapshot();
        var cut = CutPoint.Of(snapshot, snapshot.Clock)[^1];
        return new AioTestDisk(this, new CutImages(cut).Draw(model, CrashRandom.Of(seed, cut.Tick, 0)));
    }

    /// <summary>The images of power cuts at every moment since the disk was made.</summary>
    public CrashImages EveryCrash(CrashOptions? options = null) =>
        new(this, History.Snapshot(), 0, options ?? new CrashOptions(), $"disk.{nameof(EveryCrash)}(");

    /// <summary>The images of power cuts at every moment after something was acknowledged.</summary>
    /// <param name="acknowledged">What was given to <see cref="Acknowledge"/>, or equals it; the first such.</param>
    /// <param name="options">How many images.</param>
    /// <exception cref="AioTestException">It was not acknowledged.</exception>
    public CrashImages EveryCrashAfter(object acknowledged, CrashOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(acknowledged);
        var snapshot = History.Snapshot();
        var at = Array.FindIndex(snapshot.Acknowledged, tagged => tagged.Tag.Equals(acknowledged));
        if (at < 0)
        {
            throw new AioTestException($"{acknowledged} was not acknowledged: {snapshot.Acknowledged.Length} others were");
        }

        var source = $"disk.{nameof(EveryCrashAfter)}({acknowledged}, ";
        return new CrashImages(this, snapshot, snapshot.Acknowledged[at].Tick, options ?? new CrashOptions(), source);
    }

    /// <summary>Judges the images of power cuts at every moment: <see cref="CrashImages.Verify"/>.</summary>
    /// <inheritdoc cref="CrashImages.Verify"/>
    public CrashFigures VerifyCrashes(Action<CrashImage> judge, CrashOptions? options = null) => EveryCrash(options).Verify(judge);
}
