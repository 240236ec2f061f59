using System.Collections.Immutable;

namespace AkkaAio.TestKit;

/// <summary>A moment at which the power may go: what is durable there, and what is not decided.</summary>
internal sealed record CutPoint(
    HistorySnapshot Snapshot, int Tick, int Acknowledged, ImmutableDictionary<FileHistory, FileState> Files,
    ImmutableDictionary<string, FileHistory> Names, int FirstName)
{
    /// <summary>
    /// The moments from a tick on, one for each set of images: the last of those that have the same, which has the most acknowledgements.
    /// </summary>
    public static List<CutPoint> Of(HistorySnapshot snapshot, int from)
    {
        var cuts = new List<CutPoint>();
        var cut = new CutPoint(
            snapshot, 0, 0, ImmutableDictionary<FileHistory, FileState>.Empty, snapshot.History.Initial, 0);
        var next = 0;
        while (true)
        {
            var tick = next < snapshot.Events.Length ? snapshot.Events[next].Tick - 1 : snapshot.Clock;
            cut = cut.At(tick);
            if (tick >= from)
            {
                cuts.Add(cut);
            }

            if (next == snapshot.Events.Length)
            {
                return cuts;
            }

            var at = snapshot.Events[next].Tick;
            for (; next < snapshot.Events.Length && snapshot.Events[next].Tick == at; next++)
            {
                cut = cut.With(snapshot.Events[next]);
            }
        }
    }

    public FileState StateOf(FileHistory file) => Files.GetValueOrDefault(file) ?? file.Initial;

    public Change[] ChangesOf(FileHistory file) => Snapshot.Files.GetValueOrDefault(file) ?? [];

    /// <summary>The changes of names that are not decided, and those behind them that are.</summary>
    public IEnumerable<NameChange> WindowOfNames() =>
        Snapshot.Names.Skip(FirstName).TakeWhile(change => change.Applied <= Tick);

    /// <summary>The names when the first changes that are not decided hold, as many as <paramref name="undecided"/> says.</summary>
    public ImmutableDictionary<string, FileHistory> NamesWith(int undecided)
    {
        var names = Names;
        foreach (var change in WindowOfNames())
        {
            if (change.Durable <= Tick || undecided-- > 0)
            {
                names = change.ApplyTo(names);
            }
        }

        return names;
    }

    private CutPoint At(int tick)
    {
        var acknowledged = Acknowledged;
        while (acknowledged < Snapshot.Acknowledged.Length && Snapshot.Acknowledged[acknowledged].Tick <= tick)
        {
            acknowledged++;
        }

        return this with { Tick = tick, Acknowledged = acknowledged };
    }

    private CutPoint With(HistoryEvent happened)
    {
        if (!happened.MakesDurable)
        {
            return this;
        }

        if (happened.File is { } file)
        {
            return this with { Files = Files.SetItem(file, StateOf(file).AdvancedTo(happened.Tick, ChangesOf(file))) };
        }

        var (names, first) = (Names, FirstName);
        for (; first < Snapshot.Names.Length && Snapshot.Names[first].Durable <= happened.Tick; first++)
        {
            names = Snapshot.Names[first].ApplyTo(names);
        }

        return this with { Names = names, FirstName = first };
    }
}
