using System.Globalization;

namespace AkkaAio.Tests.Support;

/// <summary>What this process has, as /proc tells it.</summary>
internal static class ProcessState
{
    /// <summary>Rings of AIO contexts that are mapped into this process.</summary>
    public static int AioRings => File.ReadLines("/proc/self/maps").Count(line => line.Contains("[aio]", StringComparison.Ordinal));

    /// <summary>What the open descriptors point to.</summary>
    public static IReadOnlyList<string> Descriptors =>
        [.. Directory.GetFiles("/proc/self/fd").Select(Target).OfType<string>().Order(StringComparer.Ordinal)];

    /// <summary>Descriptors of an object of the kernel's that is no file: eventfd, eventpoll, io_uring.</summary>
    public static int CountOf(string kind) =>
        Descriptors.Count(target => target.EndsWith($"anon_inode:[{kind}]", StringComparison.Ordinal));

    /// <summary>Ids of threads whose name begins so.</summary>
    public static IReadOnlyList<string> ThreadsNamed(string name) =>
        [.. Directory.GetDirectories("/proc/self/task").Where(task => NameOf(task).StartsWith(name, StringComparison.Ordinal))];

    public static IReadOnlyList<string> ThreadNames => [.. Directory.GetDirectories("/proc/self/task").Select(NameOf)];

    /// <summary>
    /// Threads that have gone to sleep anew in each of five windows of half a second: none where all of them sleep. One may be on its way
    /// there still, so one quiet window is what is asked; polling has none. There is no event to await: it is the absence of any that is
    /// looked for.
    /// </summary>
    public static async Task<IReadOnlyList<string>> ThatDoNotRestAsync(IReadOnlyList<string> threads)
    {
        IReadOnlyList<string> moved = threads;
        for (var window = 0; window < 5 && moved.Count > 0; window++)
        {
            var before = threads.ToDictionary(thread => thread, VoluntarySwitches);
            await Task.Delay(TimeSpan.FromMilliseconds(500));
            moved = [.. threads.Where(thread => VoluntarySwitches(thread) != before[thread])];
        }

        return moved;
    }

    /// <summary>How often a thread has gone to sleep and been woken.</summary>
    private static long VoluntarySwitches(string task) => long.Parse(
        File.ReadLines($"{task}/status").Single(line => line.StartsWith("voluntary_ctxt_switches", StringComparison.Ordinal)).Split(':')[1],
        CultureInfo.InvariantCulture);

    /// <summary>Whether a thread sleeps now, as its state in /proc says.</summary>
    public static bool IsAsleep(string task) =>
        File.ReadLines($"{task}/status").Single(line => line.StartsWith("State:", StringComparison.Ordinal))
            .Contains("S (sleeping)", StringComparison.Ordinal);

    private static string NameOf(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/comm").Trim();
        }
        catch (IOException)
        {
            return ""; // ended meanwhile
        }
    }

    private static string? Target(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName;
        }
        catch (IOException)
        {
            return null; // closed meanwhile: the listing's own
        }
    }
}
