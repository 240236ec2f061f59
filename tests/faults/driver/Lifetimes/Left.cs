namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>What this process still has when all of its systems have ended.</summary>
/// <param name="Rings">Of AIO contexts.</param>
/// <param name="Descriptors">Of files, events and rings; .NET opens and closes assemblies, pipes and sockets of its own.</param>
/// <param name="Threads">Threads.</param>
/// <param name="ResidentMiB">Resident memory.</param>
internal readonly record struct Left(int Rings, int Descriptors, int Threads, long ResidentMiB)
{
    public static Left Read()
    {
        var figures = ProcessFigures.Read();
        return new Left(figures.Contexts, Targets().Count(), figures.Threads, figures.ResidentKiB >> 10);
    }

    /// <summary>What the descriptors point to.</summary>
    public static void PrintDescriptors()
    {
        foreach (var target in Targets().GroupBy(target => target))
        {
            Console.WriteLine($"  {target.Count()} {target.Key}");
        }
    }

    private static IEnumerable<string> Targets() => Directory.GetFiles("/proc/self/fd").Select(TargetOf)
        .Where(target =>
            target.Contains("anon_inode", StringComparison.Ordinal) || target.Contains(PatternFile.Folder, StringComparison.Ordinal));

    private static string TargetOf(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName ?? "";
        }
        catch (IOException)
        {
            return ""; // closed meanwhile: the listing's own
        }
    }
}
