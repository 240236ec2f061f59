namespace AkkaAio.Tests.Model;

/// <summary>A file of a schedule: one path, and all of its opens, at a time or one after the other.</summary>
/// <param name="path">The path.</param>
/// <param name="initialSectors">Its length when it is opened first.</param>
internal sealed class ScheduleFile(string path, int initialSectors)
{
    private int _stamp;

    public string Path => path;

    public List<OpenFile> Opens { get; } = [];

    /// <summary>What another process has written to it.</summary>
    public List<ForeignWrite> Foreign { get; } = [];

    public int NextStamp() => ++_stamp;

    /// <summary>Checks all of it, once every command has its reply and every open is closed.</summary>
    public void Check(Func<string, byte[]> read, Journal journal)
    {
        OpenFile[] opens = [.. Opens.Where(open => open.File is not null)];
        if (opens.Length == 0)
        {
            return;
        }

        foreach (var open in opens)
        {
            open.History.Check(journal.DataSyncsOf(path), journal.WrittenTo(path));
        }

        // What stays when one open is closed, the next one takes for the file's.
        var tails = journal.TailsLeft(path);
        new Content(
            initialSectors * (long)OpenFile.Sector, [.. opens.Select(open => open.History.Entries)], Foreign,
            opens.Length > 1 ? tails : [.. tails.TakeLast(journal.HasTail(path) ? 1 : 0)]).Check(read(path));
    }
}
