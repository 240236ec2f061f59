using System.Diagnostics;

namespace AkkaAio.Cluster.Tests;

/// <summary>For what no event tells of.</summary>
internal static class Eventually
{
    public static async Task IsTrueAsync(Func<bool> condition, string what)
    {
        for (var since = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(20))
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(60), what);
        }
    }
}
