using System.Diagnostics;

namespace AkkaAio.Shards;

/// <summary>
/// How long a shard stays closed after it failed. The first failures restart it at once; when they follow one another, each pause is
/// twice the last, so that a shard whose device or engine is broken refuses typed instead of restarting without end.
/// </summary>
internal sealed class RestartBackoff
{
    private const int ImmediateRestarts = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    // A shard that has worked for so long starts with a clean record.
    private static readonly TimeSpan GoodConduct = TimeSpan.FromMinutes(1);

    private int _failures;
    private long _lastFailure;

    /// <summary>Counts a failure; the pause before the next try.</summary>
    public TimeSpan NextPause()
    {
        var now = Stopwatch.GetTimestamp();
        if (_lastFailure != 0 && Stopwatch.GetElapsedTime(_lastFailure, now) > GoodConduct)
        {
            _failures = 0;
        }

        _lastFailure = now;
        var beyond = ++_failures - ImmediateRestarts;
        return beyond <= 0
            ? TimeSpan.Zero
            : TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(beyond - 1, 16), LongestPause.Ticks));
    }
}
