namespace AkkaAio.TestKit;

/// <summary>Numbers that follow from a seed: splitmix64.</summary>
internal sealed class CrashRandom(ulong seed)
{
    private ulong _state = seed;

    public static CrashRandom Of(int seed, int tick, long image) =>
        new(new CrashRandom(((ulong)(uint)seed << 32) | (uint)tick).Next() ^ (ulong)image);

    public ulong Next()
    {
        var z = _state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /// <summary>From 0 to <paramref name="most"/>.</summary>
    public int UpTo(int most) => (int)(Next() % ((ulong)most + 1));
}

/// <summary>Decides by chance what one cut leaves of what is undecided.</summary>
internal sealed class CrashDraw
{
    private readonly CrashModel _how;
    private readonly CrashRandom _random;
    private readonly bool _keepsAll;

    public CrashDraw(CrashModel how, CrashRandom random, bool keepsAll)
    {
        var some = Enum.GetValues<CrashModel>().Where(model => model != CrashModel.Any && how.HasFlag(model)).ToArray();
        _how = some[random.UpTo(some.Length - 1)];
        (_random, _keepsAll) = (random, keepsAll);
    }

    /// <summary>How many of the changes hold that hold in their order.</summary>
    public int Held(int undecided) =>
        _keepsAll ? undecided : _how == CrashModel.DropUnsynced ? 0 : _random.UpTo(1) == 0 ? undecided : _random.UpTo(undecided);

    public CrashFile Draw(FileChoices choices)
    {
        if (_keepsAll || _how == CrashModel.DropUnsynced)
        {
            return Draw(choices.Lengths[_keepsAll ? ^1 : 0], _ => _keepsAll);
        }

        if (_how == CrashModel.Prefix)
        {
            var kept = _random.UpTo(choices.Undecided.Count());
            var held = choices.Undecided.Take(kept).Count(change => change.NewLength is not null);
            return Draw(Array.Find(choices.Lengths, length => length.Held == held)!, rank => rank < kept);
        }

        var choice = choices.Lengths[Held(choices.Lengths.Length - 1)];
        if (_how == CrashModel.Reorder)
        {
            var kept = new Dictionary<int, bool>();
            return Draw(choice, rank => kept.TryGetValue(rank, out var isKept) ? isKept : kept[rank] = _random.UpTo(1) == 1);
        }

        return new CrashFile(choice, [.. choice.Sectors.Select(sector => _random.UpTo(sector.Versions.Length - 1))]);
    }

    private static CrashFile Draw(LengthChoice choice, Func<int, bool> holds) =>
        new(choice, [.. choice.Sectors.Select(sector => sector.VersionWith(holds))]);
}
