namespace AkkaAio.TestKit;

/// <summary>One of the contents that a sector may have: the first bytes of an array's part, then zeros.</summary>
/// <param name="Rank">Place of the change that wrote it among the undecided ones; -1: what is durable.</param>
/// <param name="Change">What wrote it.</param>
/// <param name="Bytes">Null: all zeros.</param>
/// <param name="From">Where in the array the sector begins.</param>
/// <param name="Keep">How many bytes of it there are.</param>
internal readonly record struct SectorVersion(int Rank, Change? Change, byte[]? Bytes, int From, int Keep)
{
    /// <summary>Writes the sector's bytes, as far as there is room.</summary>
    public void CopyTo(Span<byte> sector)
    {
        var count = Bytes is null ? 0 : Math.Min(Keep, sector.Length);
        Bytes.AsSpan(From, count).CopyTo(sector);
        sector[count..].Clear();
    }

    public bool Is(ReadOnlySpan<byte> sector)
    {
        var count = Bytes is null ? 0 : Math.Min(Keep, sector.Length);
        return Bytes.AsSpan(From, count).SequenceEqual(sector[..count]) && !sector[count..].ContainsAnyExcept((byte)0);
    }
}

/// <summary>A sector whose content a cut decides, or one that is not what is durable.</summary>
/// <param name="Sector">Its number in the file.</param>
/// <param name="Versions">What it may be, each content once; the oldest first.</param>
/// <param name="Order">The version that each undecided change left, by the change's rank.</param>
internal readonly record struct SectorChoice(long Sector, SectorVersion[] Versions, (int Rank, int Version)[] Order)
{
    /// <summary>The version when of the undecided changes those hold that match.</summary>
    public int VersionWith(Func<int, bool> holds)
    {
        var version = 0;
        foreach (var (rank, left) in Order)
        {
            version = holds(rank) ? left : version;
        }

        return version;
    }
}

/// <summary>One of the lengths that a file may have, and the sectors that are to be decided when it has.</summary>
/// <param name="Base">The file's durable bytes, for all other sectors.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Held">How many of the undecided changes of the length hold.</param>
/// <param name="Sectors">In the order of the file.</param>
internal sealed record LengthChoice(FileState Base, long Length, int Held, SectorChoice[] Sectors)
{
    private Dictionary<long, (int First, int Count)>? _pages;

    /// <summary>How many images of the file have this length; at most <see cref="Saturating.Most"/>.</summary>
    public long Count { get; } = Sectors.Aggregate(1L, (count, sector) => Saturating.Multiply(count, sector.Versions.Length));

    public int SectorSize { get; init; }

    /// <summary>The sectors of a page that are to be decided: the first's index, and how many.</summary>
    public (int First, int Count) SectorsOf(long page) => Pages().GetValueOrDefault(page);

    public Dictionary<long, (int First, int Count)> Pages()
    {
        if (_pages is { } made)
        {
            return made;
        }

        var pages = new Dictionary<long, (int First, int Count)>();
        for (var i = 0; i < Sectors.Length; i++)
        {
            var page = Sectors[i].Sector * SectorSize / PageTable.PageSize;
            pages[page] = pages.TryGetValue(page, out var sectors) ? (sectors.First, sectors.Count + 1) : (i, 1);
        }

        return _pages = pages;
    }
}

/// <summary>All that a cut may leave of one file: for each length that it may have, each version of each undecided sector.</summary>
internal sealed class FileChoices
{
    private readonly int _sectorSize;
    private readonly FileState _state;
    private readonly List<Change> _window;
    private readonly int _tick;

    public FileChoices(CutPoint cut, FileHistory file)
    {
        (_sectorSize, _state, _tick) = (file.SectorSize, cut.StateOf(file), cut.Tick);
        _window = _state.WindowAt(_tick, cut.ChangesOf(file));
        Lengths = [.. LengthsThatMayBe().Select(length => Choose(length.Length, length.Held))];
        Count = Lengths.Aggregate(0L, (count, length) => Saturating.Add(count, length.Count));
    }

    /// <summary>The undecided changes, in the order in which reads saw them.</summary>
    public IEnumerable<Change> Undecided => _window.Where(change => change.Durable > _tick);

    public LengthChoice[] Lengths { get; }

    public long Count { get; }

    /// <summary>The file of an image, by its number from 0 on.</summary>
    public CrashFile Image(long number)
    {
        var i = 0;
        for (; number >= Lengths[i].Count; i++)
        {
            number -= Lengths[i].Count;
        }

        var versions = new int[Lengths[i].Sectors.Length];
        for (var sector = 0; number > 0; sector++)
        {
            var count = Lengths[i].Sectors[sector].Versions.Length;
            versions[sector] = (int)(number % count);
            number /= count;
        }

        return new CrashFile(Lengths[i], versions);
    }

    /// <summary>Whether one of the images of the file has just these bytes.</summary>
    public bool CanBe(ReadOnlySpan<byte> bytes)
    {
        foreach (var length in Lengths)
        {
            if (length.Length == bytes.Length && CanBe(length, bytes))
            {
                return true;
            }
        }

        return false;
    }

    private bool CanBe(LengthChoice choice, ReadOnlySpan<byte> bytes)
    {
        Span<byte> durable = stackalloc byte[PageTable.PageSize];
        var next = 0;
        for (var at = 0L; at < bytes.Length; at += _sectorSize)
        {
            var sector = bytes.Slice((int)at, (int)Math.Min(_sectorSize, bytes.Length - at));
            var isOne = false;
            if (next < choice.Sectors.Length && choice.Sectors[next].Sector * _sectorSize == at)
            {
                foreach (var version in choice.Sectors[next++].Versions)
                {
                    isOne = isOne || version.Is(sector);
                }
            }
            else
            {
                _state.Base.Read(durable[..sector.Length], at);
                isOne = durable[..sector.Length].SequenceEqual(sector);
            }

            if (!isOne)
            {
                return false;
            }
        }

        return true;
    }

    // The changes of the length hold in their order, some or all; then a write in flight may have made the file longer.
    private List<(long Length, int Held)> LengthsThatMayBe()
    {
        var lengths = new List<(long Length, int Held)> { (_state.Length, 0) };
        foreach (var change in Undecided.Where(change => change.NewLength is not null))
        {
            lengths.Add((change.NewLength!.Value, lengths.Count));
        }

        var last = lengths[^1];
        var longer = Undecided.Where(change => change.Applied > _tick && change.IsWrite && change.RequestEnd > last.Length)
            .Select(change => (change.RequestEnd, last.Held)).Distinct().Order();
        return [.. lengths, .. longer];
    }

    private LengthChoice Choose(long length, int held)
    {
        var versions = new SortedDictionary<long, List<SectorVersion>>();
        var (left, rank) = (held, -1);
        foreach (var change in _window)
        {
            var isDurable = change.Durable <= _tick;
            rank += isDurable ? 0 : 1;
            if (change.NewLength is { } end)
            {
                if (isDurable)
                {
                    Forget(versions, end, long.MaxValue);
                    Shorten(versions, end);
                }
                else if (left-- > 0)
                {
                    AddDurable(versions, end);
                    Shorten(versions, end);
                }
            }
            else if (isDurable)
            {
                Forget(versions, change.Offset, change.End);
            }
            else
            {
                AddVersions(versions, change, rank, length);
            }
        }

        return new LengthChoice(_state, length, held, Undecidedly(versions, length)) { SectorSize = _sectorSize };
    }

    // What was in these sectors before is no more: the durable bytes are newer.
    private void Forget(SortedDictionary<long, List<SectorVersion>> versions, long from, long end)
    {
        foreach (var sector in versions.Keys.Where(sector => sector * _sectorSize >= from && sector * _sectorSize < end).ToList())
        {
            versions.Remove(sector);
        }
    }

    private void AddVersions(SortedDictionary<long, List<SectorVersion>> versions, Change change, int rank, long length)
    {
        var size = _sectorSize;
        for (var at = change.Offset / size * size; at < Math.Min(change.End, length); at += size)
        {
            VersionsOf(versions, at / size).Add(change.Bytes is null
                ? new SectorVersion(rank, change, null, 0, 0)
                : new SectorVersion(rank, change, change.Bytes, (int)(at - change.Offset), size));
        }
    }

    private void AddDurable(SortedDictionary<long, List<SectorVersion>> versions, long from)
    {
        foreach (var page in _state.Base.PagesFrom(from / PageTable.PageSize))
        {
            for (var sector = page * PageTable.PageSize / _sectorSize; sector * _sectorSize < (page + 1) * PageTable.PageSize; sector++)
            {
                VersionsOf(versions, sector);
            }
        }
    }

    // All that lies behind the end reads as zeros from here on, whatever was there.
    private void Shorten(SortedDictionary<long, List<SectorVersion>> versions, long end)
    {
        foreach (var (sector, some) in versions)
        {
            var keep = (int)Math.Clamp(end - (sector * _sectorSize), 0, _sectorSize);
            for (var i = 0; i < some.Count; i++)
            {
                some[i] = some[i] with { Keep = Math.Min(keep, some[i].Keep) };
            }
        }
    }

    private List<SectorVersion> VersionsOf(SortedDictionary<long, List<SectorVersion>> versions, long sector)
    {
        if (!versions.TryGetValue(sector, out var some))
        {
            versions[sector] = some = [Durable(sector)];
        }

        return some;
    }

    private SectorVersion Durable(long sector)
    {
        var at = sector * _sectorSize;
        var (bytes, from) = _state.Base.PageAt(at / PageTable.PageSize);
        return new SectorVersion(-1, null, bytes, bytes is null ? 0 : from + (int)(at % PageTable.PageSize), _sectorSize);
    }

    // Without versions that look the same in a file of that length, and without sectors that then are what is durable.
    private SectorChoice[] Undecidedly(SortedDictionary<long, List<SectorVersion>> versions, long length)
    {
        var choices = new List<SectorChoice>();
        Span<byte> bytes = stackalloc byte[PageTable.PageSize];
        foreach (var (sector, all) in versions)
        {
            var visible = bytes[..(int)Math.Clamp(length - (sector * _sectorSize), 0, _sectorSize)];
            var (different, order) = (new List<SectorVersion>(), new List<(int Rank, int Version)>());
            foreach (var version in all)
            {
                version.CopyTo(visible);
                var same = 0;
                while (same < different.Count && !different[same].Is(visible))
                {
                    same++;
                }

                order.Add((version.Rank, same));
                if (same == different.Count)
                {
                    different.Add(version);
                }
            }

            different[0].CopyTo(visible);
            if (different.Count > 1 || !Durable(sector).Is(visible))
            {
                choices.Add(new SectorChoice(sector, [.. different], [.. order]));
            }
        }

        return [.. choices];
    }
}
