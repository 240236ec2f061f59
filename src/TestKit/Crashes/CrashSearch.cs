using System.Diagnostics;

namespace AkkaAio.TestKit;

/// <summary>A power cut has lost data.</summary>
public sealed class CrashException : AioTestException
{
    internal CrashException(CrashImage image, Exception cause)
        : base($"a power cut loses data: {cause.Message}\nin {image}", cause) => Image = image;

    /// <summary>What the cut has left.</summary>
    public CrashImage Image { get; }
}

/// <summary>Shows images to a judge until one is refused, and then all that come before it.</summary>
internal sealed class CrashSearch(CrashImages images, Func<CrashImage, Task> judge)
{
    private readonly Lock _lock = new();
    private (CrashImage Image, Exception Cause)? _found;
    private int _foundAt = int.MaxValue; // the cut
    private int _next;
    private long _judged;
    private int _sampled;

    public async Task<CrashFigures> RunAsync()
    {
        if (images.Options.TriesJudge)
        {
            await TryJudgeAsync();
        }

        var start = Stopwatch.GetTimestamp();
        var workers = images.Options.Parallelism > 0 ? images.Options.Parallelism : Environment.ProcessorCount;
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(JudgeCutsAsync)));
        return _found is { } found
            ? throw new CrashException(found.Image, found.Cause)
            : new CrashFigures(_judged, images.CutPoints, _sampled, Stopwatch.GetElapsedTime(start));
    }

    // Each worker takes the next cut. One that comes behind a cut at which something was found is not looked at.
    private async Task JudgeCutsAsync()
    {
        for (var cut = Take(); cut < Math.Min(images.CutPoints, Volatile.Read(ref _foundAt)); cut = Take())
        {
            var ofCut = images.At(cut);
            var count = images.CountOf(ofCut);
            var number = 0L;
            while (number < count && cut < Volatile.Read(ref _foundAt))
            {
                var image = images.Image(cut, ofCut, number++);
                try
                {
                    await judge(image);
                }
                catch (Exception refused)
                {
                    Found(image, refused);
                }
            }

            Interlocked.Add(ref _judged, number);
            Interlocked.Add(ref _sampled, images.IsSampled(ofCut) ? 1 : 0);
        }
    }

    private int Take() => Interlocked.Increment(ref _next) - 1;

    private void Found(CrashImage image, Exception cause)
    {
        lock (_lock)
        {
            if (image.Cut < _foundAt)
            {
                (_foundAt, _found) = (image.Cut, (image, cause));
            }
        }
    }

    private async Task TryJudgeAsync()
    {
        var cut = images.Last;
        if (cut.Acknowledged == 0)
        {
            throw new AioTestException(
                "nothing was acknowledged: call AioTestDisk.Acknowledge with what your code has told its user to be safe, " +
                "so that the judge can look for it in the image");
        }

        var names = cut.NamesWith(int.MaxValue);
        var zeros = names.ToDictionary(named => named.Key, named => Zeros(cut, named.Value), FullPathComparer.Instance);
        var hasData = names.Values.Any(file => cut.StateOf(file).Base.PagesFrom(0).Any());
        var control = images.Make(
            images.CutPoints - 1, cut, hasData ? zeros : [], 0, hasData ? "all files are zeros" : "all files are gone");
        try
        {
            await judge(control);
        }
        catch
        {
            return; // as it must be
        }

        throw new AioTestException(
            $"the judge finds no loss where {control.Repeat}, though {cut.Acknowledged} times something was acknowledged: " +
            "it would find no loss anywhere. Compare what the image has with CrashImage.Acknowledged");
    }

    private static CrashFile Zeros(CutPoint cut, FileHistory file) =>
        new(new LengthChoice(FileState.Empty, cut.StateOf(file).Length, 0, []) { SectorSize = file.SectorSize }, []);
}
