using System.Diagnostics;
using Akka.Actor;

namespace AkkaAio.Benchmarks.Journals;

/// <summary>
/// One durable commit of a block, by pwrite into a file that was opened with O_DIRECT and O_DSYNC (by AkkaAio's pool: aligned), and by one
/// persistent actor on the journal, in random order commit by commit: what the disk does in a moment hits both.
/// </summary>
internal static class RawCommits
{
    private const int Block = 4096;

    /// <summary>Microseconds of each commit, sorted.</summary>
    public static async Task<(double[] Raw, double[] Log)> RunAsync(ActorSystem system, string folder, int commits)
    {
        var path = Path.Combine(folder, "raw");
        await File.WriteAllBytesAsync(path, new byte[64 << 20]); // written, as the journal's segments are
        using var raw =
            File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.None, (FileOptions)0x4000 | FileOptions.WriteThrough);
        await using var log = await Persistence.AioLog.OpenAsync(system, Path.Combine(folder, "log"));
        using var buffer = AioExt.Get(system).Pool.Rent(Block);
        var (random, rawTimes, logTimes, at) = (new Random(1), new List<double>(), new List<double>(), 0L);
        var record = new byte[100];
        for (var i = 0; i < 2 * commits; i++)
        {
            var start = Stopwatch.GetTimestamp();
            if (random.Next(2) == 0)
            {
                RandomAccess.Write(raw, buffer.GetSpan(), at);
                at = (at + Block) % (64 << 20);
                rawTimes.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
            else
            {
                await log.AppendAsync(record);
                logTimes.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }
        }

        return ([.. rawTimes.Skip(rawTimes.Count / 10).Order()], [.. logTimes.Skip(logTimes.Count / 10).Order()]);
    }
}
