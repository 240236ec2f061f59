using System.Diagnostics;

namespace AkkaAio.Shards;

/// <summary>A point in time, on the monotonic clock.</summary>
internal readonly record struct Deadline(long Timestamp)
{
    public TimeSpan Remaining => Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), Timestamp);

    public static Deadline In(TimeSpan time) =>
        new(Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency));
}
