using AkkaAio.Interop.Engines;
using CsCheck;

namespace AkkaAio.TestKit.Tests.Crashes;

/// <summary>Random work on one file against a model that keeps all undecided sectors and tries each subset of them.</summary>
public sealed class CrashProperties
{
    private const int Sector = 512;
    private const int MostSectors = 3;

    private static readonly Gen<Step> Steps = Gen.Frequency(
        (6, Gen.Select(Gen.Int[0, MostSectors - 1], Gen.Int[1, 2], Gen.Bool)
            .Select((at, count, dsync) => new Step('w', at, Math.Min(count, MostSectors - at), dsync))),
        (2, Gen.Const(new Step('f', 0, 0, false))),
        (1, Gen.Const(new Step('x', 0, 0, false))),
        (2, Gen.Int[0, MostSectors * Sector].Select(length => new Step('l', length, 0, false))),
        (1, Gen.Int[0, MostSectors - 1].Select(at => new Step('h', at, 1, false))));

    private static readonly Gen<Step[]> Work = Steps.Array[1, 7];
    private static readonly Gen<Step[]> LongWork = Steps.Array[1, 40]; // too much for the model

    private readonly record struct Step(char Kind, int At, int Count, bool IsDsync);

    [Fact]
    public void The_images_of_a_cut_are_those_of_the_model_and_no_others() => Work.Sample(work =>
    {
        var (disk, model) = Play(work);
        var images = disk.EveryCrashAfter("end", new CrashOptions { MaxImagesPerCut = int.MaxValue });
        Assert.True(images.IsExhaustive);
        var found = images.Select(image => Convert.ToHexString(image.Files["log"].ToArray())).ToList();
        Assert.Equal(model.Images().Order(StringComparer.Ordinal), found.Distinct().Order(StringComparer.Ordinal));
    });

    [Fact]
    public void Enumeration_and_membership_agree() => Gen.Select(Work, Gen.Byte.Array[0, 4], Gen.Int[0, MostSectors * Sector]).Sample(it =>
    {
        var (work, marks, at) = it;
        var (disk, _) = Play(work);
        var images = disk.EveryCrashAfter("end", new CrashOptions { MaxImagesPerCut = int.MaxValue });
        var all = images.Select(image => image.Files["log"].ToArray()).ToList();
        Assert.All(all, bytes => Assert.True(images.CanLeave("log", bytes)));
        foreach (var possible in all.Take(20))
        {
            var other = (byte[])possible.Clone();
            for (var i = 0; i < marks.Length && at + i < other.Length; i++)
            {
                other[at + i] = marks[i];
            }

            Assert.Equal(all.Exists(bytes => bytes.AsSpan().SequenceEqual(other)), images.CanLeave("log", other));
        }

        Assert.False(images.CanLeave("log", null));
        Assert.False(images.CanLeave("other", []));
    });

    [Fact]
    public void What_is_drawn_is_among_all_that_there_is() => Work.Select(Gen.Int[0, 1000]).Sample((work, seed) =>
    {
        var (disk, _) = Play(work);
        var exhaustive = disk.EveryCrash(new CrashOptions { MaxImagesPerCut = int.MaxValue });
        var drawn = disk.EveryCrash(new CrashOptions { MaxImagesPerCut = 4, Seed = seed });
        Assert.Equal(exhaustive.CutPoints, drawn.CutPoints);
        var all = exhaustive.GroupBy(image => image.Cut).ToDictionary(cut => cut.Key, cut => cut.Select(TextOf).ToHashSet());
        Assert.All(drawn, image => Assert.Contains(TextOf(image), all[image.Cut]));
        foreach (var model in new[] { CrashModel.DropUnsynced, CrashModel.Prefix, CrashModel.Reorder, CrashModel.Torn })
        {
            Assert.True(disk.EveryCrashAfter("end").CanLeave("log", disk.PowerCut(model, seed).ReadAllBytes("log")));
        }
    });

    [Fact]
    public void The_image_that_has_lost_nothing_is_what_reads_see() => LongWork.Sample(work =>
    {
        var (disk, _) = Play(work);
        Assert.True(disk.EveryCrashAfter("end").CanLeave("log", disk.ReadAllBytes("log")));
        var drawn = disk.EveryCrashAfter("end", new CrashOptions { MaxImagesPerCut = 2 });
        if (!drawn.IsExhaustive && Array.TrueForAll(work, step => step.Kind != 'x')) // nothing in flight
        {
            Assert.Equal(disk.ReadAllBytes("log"), drawn[0, 1].Files["log"].ToArray());
        }
    });

    [Fact]
    public void A_disk_that_is_made_of_an_image_has_its_bytes_and_goes_on() => Work.Select(Work).Sample((work, more) =>
    {
        var (disk, _) = Play(work);
        foreach (var image in disk.EveryCrashAfter("end", new CrashOptions { MaxImagesPerCut = 5 }))
        {
            var left = image.ToDisk();
            var before = image.Files["log"].ToArray();
            Assert.Equal(before, left.ReadAllBytes("log"));
            Assert.Equal(before, Assert.Single(left.EveryCrash()).Files["log"].ToArray());
            Play(more, left);
            Assert.Equal(before, image.Files["log"].ToArray());
        }
    }, iter: 30);

    private static string TextOf(CrashImage image) =>
        image.Files.TryGetValue("log", out var log) ? Convert.ToHexString(log.ToArray()) : "none";

    private static (AioTestDisk Disk, Model Model) Play(Step[] work, AioTestDisk? on = null)
    {
        var (disk, model) = (on ?? new AioTestDisk(), new Model());
        using var file = disk.Engine.Open("log", new IoFileOptions(FileMode.OpenOrCreate, FileAccess.ReadWrite));
        ((IIoEngine)disk.Engine).Names.SyncFolder(".", null);
        byte letter = 0;
        foreach (var (kind, at, count, isDsync) in work)
        {
            letter++;
            var bytes = Enumerable.Repeat(letter, count * Sector).ToArray();
            switch (kind)
            {
                case 'w':
                    file.Write(bytes, at * Sector, isDsync);
                    model.Write(at, bytes, isDsync);
                    break;
                case 'f':
                    file.DataSync();
                    model.Flush();
                    break;
                case 'x':
                    ((MemoryFile)file).Inode.Submit(Enumerable.Repeat(letter, Sector).ToArray(), 0);
                    model.InFlight(letter);
                    break;
                case 'l':
                    file.SetLength(at);
                    model.SetLength(at);
                    break;
                default:
                    file.PunchHole(at * Sector, Sector);
                    model.PunchHole(at);
                    break;
            }
        }

        disk.Acknowledge("end");
        return (disk, model);
    }

    /// <summary>
    /// Each change of a sector or of the length, and whether it is durable; an image is any subset of the others, played in order.
    /// </summary>
    private sealed class Model
    {
        private readonly List<Item> _items = [];
        private readonly List<Item> _inFlight = [];
        private readonly byte[] _current = new byte[MostSectors * Sector];
        private long _length;

        // The bytes of a sector, or a length.
        private sealed record Item(int Sector, byte[] Bytes, long? Length)
        {
            public bool IsDurable { get; set; }
        }

        public void Write(int at, byte[] bytes, bool isDsync)
        {
            var end = (at * Sector) + bytes.Length;
            if (end > _length)
            {
                SetLength(end);
            }

            bytes.CopyTo(_current, at * Sector);
            AddSectors(at * Sector, end, isDsync);
            if (isDsync)
            {
                var lengths = _items.Where(item => item.Length is not null).ToList();
                var durable = lengths.FindLastIndex(item => item.IsDurable);
                var tooShort = lengths.FindLastIndex(item => item.Length < end);
                lengths.Take(tooShort >= durable ? tooShort + 2 : 0).ToList().ForEach(item => item.IsDurable = true);
            }
        }

        public void InFlight(byte letter) => _inFlight.Add(new Item(0, [.. Enumerable.Repeat(letter, Sector)], null));

        // The file is less than a block of the file system: where it is cut within the block, zeros are written up to its old end.
        public void SetLength(long length)
        {
            if (length != _length)
            {
                _current.AsSpan((int)length).Clear();
                AddSectors((int)length, length > 0 ? (int)_length : 0, isDurable: false);
                _items.Add(new Item(-1, [], _length = length));
            }
        }

        public void PunchHole(int at)
        {
            if (at * Sector < _length)
            {
                _current.AsSpan(at * Sector, Sector).Clear();
                AddSectors(at * Sector, (int)Math.Min(_length, (at + 1) * Sector), isDurable: false);
            }
        }

        public void Flush() => _items.ForEach(item => item.IsDurable = true);

        public HashSet<string> Images()
        {
            var images = new HashSet<string>();
            var lengths = _items.Where(item => item.Length is not null).ToList();
            var free = _items.Concat(_inFlight).Where(item => item is { IsDurable: false, Length: null }).ToList();
            for (var held = lengths.Count(item => item.IsDurable); held <= lengths.Count; held++)
            {
                var holding = lengths.Take(held).ToHashSet(ReferenceEqualityComparer.Instance);
                var length = held > 0 ? lengths[held - 1].Length!.Value : 0;
                for (var subset = 0; subset < 1 << free.Count; subset++)
                {
                    var kept = free.Where((_, i) => (subset & (1 << i)) != 0).ToHashSet(ReferenceEqualityComparer.Instance);
                    images.Add(Image(item => item.Length is null ? item.IsDurable || kept.Contains(item) : holding.Contains(item), length));
                    if (held == lengths.Count && length < Sector && _inFlight.Count > 0)
                    {
                        images.Add(Image(item => item.Length is not null || item.IsDurable || kept.Contains(item), Sector));
                    }
                }
            }

            return images;
        }

        private void AddSectors(int from, int end, bool isDurable)
        {
            for (var at = from / Sector * Sector; at < end; at += Sector)
            {
                _items.Add(new Item(at / Sector, _current.AsSpan(at, Sector).ToArray(), null) { IsDurable = isDurable });
            }
        }

        private string Image(Func<Item, bool> holds, long length)
        {
            var bytes = new byte[MostSectors * Sector];
            foreach (var item in _items.Concat(_inFlight).Where(holds))
            {
                if (item.Length is { } end)
                {
                    bytes.AsSpan((int)end).Clear();
                }
                else
                {
                    item.Bytes.CopyTo(bytes, item.Sector * Sector);
                }
            }

            return Convert.ToHexString(bytes.AsSpan(0, (int)length));
        }
    }
}
