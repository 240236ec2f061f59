using System.Diagnostics;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;

namespace AkkaAio.ClusterDriver;

/// <summary>
/// Akka's failure detector, which also keeps the longest time between two heartbeats of one peer. Made by Akka, one per peer.
/// </summary>
public sealed class HeartbeatGaps : PhiAccrualFailureDetector
{
    private static readonly Lock Guard = new();
    private static readonly List<HeartbeatGaps> All = [];
    private static TimeSpan s_longest;
    private static long s_since = Stopwatch.GetTimestamp();

    private long _last;

    /// <summary>As Akka makes it.</summary>
    public HeartbeatGaps(Config config, EventStream eventStream)
        : base(config, eventStream)
    {
        lock (Guard)
        {
            All.Add(this);
        }
    }

    /// <summary>The longest gap since the last call, one that goes on included.</summary>
    public static TimeSpan TakeLongest()
    {
        lock (Guard)
        {
            foreach (var peer in All)
            {
                peer.Look();
            }

            var longest = s_longest;
            (s_longest, s_since) = (TimeSpan.Zero, Stopwatch.GetTimestamp());
            return longest;
        }
    }

    /// <inheritdoc/>
    public override void HeartBeat()
    {
        lock (Guard)
        {
            Look();
            _last = Stopwatch.GetTimestamp();
        }

        base.HeartBeat();
    }

    private void Look()
    {
        if (_last == 0)
        {
            return;
        }

        var gap = Stopwatch.GetElapsedTime(Math.Max(_last, s_since));
        if (gap > s_longest)
        {
            s_longest = gap;
        }
    }
}
