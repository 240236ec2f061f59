namespace AkkaAio.Interop.Files;

/// <summary>How often each file is open in this process, by inode.</summary>
internal static class OpenFileCounts
{
    private static readonly Lock Guard = new();
    private static readonly Dictionary<FileIdentity, int> Counts = [];

    public static void Opened(FileIdentity file)
    {
        lock (Guard)
        {
            Counts[file] = Counts.GetValueOrDefault(file) + 1;
        }
    }

    public static void Closed(FileIdentity file)
    {
        lock (Guard)
        {
            if (--Counts[file] == 0)
            {
                Counts.Remove(file);
            }
        }
    }

    /// <summary>Runs an action if the file has no more than this many opens; none can be added before it has returned.</summary>
    public static void IfAtMost(int opens, FileIdentity file, Action action)
    {
        lock (Guard)
        {
            if (Counts.GetValueOrDefault(file) <= opens)
            {
                action();
            }
        }
    }
}
