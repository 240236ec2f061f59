using System.Collections.Concurrent;
using System.Diagnostics;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// Refuses growth before a disk is full: a full disk makes writes fail half way, in files whose writes would have fitted. Asks the file
/// system once a second, or after as much growth as half of what is left.
/// </summary>
internal sealed class DiskSpace(long minFree)
{
    private static readonly TimeSpan Lives = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Disk, Known> _known = [];

    /// <summary>Why a file may not grow by <paramref name="growth"/> bytes; null: it may.</summary>
    public string? WhyFull(Disk disk, long growth)
    {
        var known = _known.GetOrAdd(disk, static _ => new Known());
        lock (known)
        {
            if (Stopwatch.GetElapsedTime(known.At) > Lives || known.Grown > known.Free / 2)
            {
                known.Free = disk.Space().Free - minFree;
                known.Grown = 0;
                known.At = Stopwatch.GetTimestamp();
            }

            if (growth > known.Free - known.Grown)
            {
                return $"{growth} more bytes would leave the disk {disk.Id} ({disk.Path}) with less than min-free = {minFree} bytes; " +
                    $"{Math.Max(0, known.Free + minFree - known.Grown)} are free";
            }

            known.Grown += growth;
            return null;
        }
    }

    private sealed class Known
    {
        public long At { get; set; } = long.MinValue / 2;

        public long Free { get; set; }

        public long Grown { get; set; }
    }
}
