using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using AkkaAio.TestKit;
using CsCheck;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>
/// Whatever bytes of a store are changed: a start and its replays are right, or they are refused with a typed error that says where; an
/// event that was acknowledged is never left out without one, unless nothing behind the damage says that it was durable.
/// </summary>
public sealed class DamageModelSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    private const int Block = 4096;
    private const int SamplesOfADisk = 25;

    private static readonly Gen<Change> OfChange = Gen.Select(
        Gen.Int[0, 4], Gen.Int[0, 3], Gen.Double[0, 1], Gen.Double[0, 1], Gen.Int[0, 7],
        (kind, file, place, other, bit) => new Change((Kind)kind, file, place, other, bit));

    private static int Samples =>
        int.TryParse(Environment.GetEnvironmentVariable("AKKA_AIO_DAMAGE_SAMPLES"), out var count) ? count : 200;

    private AioTestDisk? _disk;
    private StoreReader? _reader;
    private int _samples;
    private (int Right, int Refused, int Failed, int Torn) _figures;

    private enum Kind
    {
        Flip,
        Truncate,
        Zero,
        Swap,
        Copy,
    }

    [Fact]
    public async Task A_damaged_store_is_read_right_or_refused_with_the_place()
    {
        var known = await WriteAsync();
        OfChange.Array[1, 1].Sample(changes => Check(known, changes), iter: Samples, threads: 1);
        OfChange.Array[2, 4].Sample(changes => Check(known, changes), iter: Samples / 4, threads: 1);
        Output.WriteLine($"{_figures}");
        Assert.True(_figures is { Right: > 10, Refused: > 10, Failed: > 10 }, $"{_figures}");
        _reader?.Dispose();
    }

    // As after a write that the disk has put where it does not belong. Both pass their checksums.
    [Fact]
    public async Task Batches_in_each_others_places_fail_the_replays_that_need_them()
    {
        var known = await WriteAsync();
        var path = known.Segments.First();
        var batches = known.Batches.Where(batch => batch.Path == path && batch.Length == Block && batch.Events.Length == 1).ToArray();
        var one = batches[0];
        var other = batches.First(batch => batch.Events[0].Id != one.Events[0].Id && batch.Number > one.Number + 3);
        var bytes = known.Files[path].ToArray();
        known.Files[path].AsSpan(one.Offset, Block).CopyTo(bytes.AsSpan(other.Offset));
        known.Files[path].AsSpan(other.Offset, Block).CopyTo(bytes.AsSpan(one.Offset));
        var disk = new AioTestDisk { Alignment = Block };
        known.WriteTo(disk);
        disk.WriteAllBytes(path, bytes);

        using var reader = new StoreReader(disk);
        var results = await reader.ReadAsync(known.Ids).WaitAsync(Patience);
        foreach (var batch in (KnownBatch[])[one, other])
        {
            var refused = Assert.IsType<AioLogCorruptionException>(results[batch.Events[0].Id]);
            Assert.Equal((path, batch.Offset), (refused.Path, refused.Offset));
        }

        Assert.Equal(known.Ids.Count() - 2, results.Values.Count(result => result is List<IPersistentRepresentation>));
    }

    private async Task<KnownStore> WriteAsync()
    {
        var ids = new[] { "a", "b", "c" };
        for (var nr = 1; !Disk.Files.Contains("/store/events/0000000003.seg") || nr % 40 != 0; nr++)
        {
            foreach (var id in ids)
            {
                Write(Atomic(id, nr, nr, payload: at => KnownStore.PayloadOf(id, at)));
                await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
                await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
            }
        }

        await AwaitAssertAsync(
            () => Assert.True(Disk.ReadAllBytes("/store/events/0000000001.seg").AsSpan(1 << 20).StartsWith("AkkaAioF"u8)), Patience);
        await Sys.Terminate();
        return new KnownStore(Disk);
    }

    private void Check(KnownStore known, Change[] changes)
    {
        if (_samples++ % SamplesOfADisk == 0)
        {
            _reader?.Dispose();
            _disk = new AioTestDisk { Alignment = Block };
            known.WriteTo(_disk);
            _reader = new StoreReader(_disk);
        }

        var files = known.Files.ToDictionary();
        Array.ForEach(changes, change => change.Apply(files, known));
        foreach (var path in known.Segments)
        {
            if (files[path] != known.Files[path] || !_disk!.Files.Contains(path))
            {
                _disk!.WriteAllBytes(path, files[path]);
            }
        }

        try
        {
            Judge(known, files);
        }
        catch (Exception e)
        {
            _samples = 0; // what is left is not looked at again
            throw new InvalidOperationException($"{string.Join("; ", changes.Select(change => change.Describe(known)))}: {e.Message}", e);
        }

        foreach (var path in known.Segments)
        {
            if (files[path] != known.Files[path] || !_disk!.Files.Contains(path))
            {
                _disk!.WriteAllBytes(path, known.Files[path]);
            }
        }
    }

    private void Judge(KnownStore known, Dictionary<string, byte[]> files)
    {
        var changed = known.Segments.Where(path => !files[path].AsSpan().SequenceEqual(known.Files[path])).ToArray();
        Dictionary<string, object> results;
        try
        {
            results = _reader!.ReadAsync(known.Ids).WaitAsync(Patience).GetAwaiter().GetResult();
        }
        catch (AioException e)
        {
            _figures.Refused++;
            CheckPlace(e, known, files, changed);
            return;
        }

        var missing = new HashSet<(string, long)>();
        foreach (var (id, result) in results)
        {
            if (result is List<IPersistentRepresentation> events)
            {
                missing.UnionWith(known.Missing(id, events));
            }
            else
            {
                _figures.Failed++;
                CheckPlace((Exception)result, known, files, changed);
            }
        }

        CheckMissing(known, files, missing);
    }

    private void CheckMissing(KnownStore known, Dictionary<string, byte[]> files, HashSet<(string, long)> missing)
    {
        if (missing.Count == 0)
        {
            _figures.Right++;
            return;
        }

        _figures.Torn++;
        // The log ends at a damaged batch that nothing behind it calls durable.
        var first = known.Batches.First(batch => batch.Events.Any(missing.Contains)).Number;
        Assert.True(
            known.Batches.Any(
                batch => batch.Number <= first && !IsIntact(known, files, batch, withHeader: true) && !HasWitness(batch.Number)),
            $"from batch {first} on events are left out");

        bool HasWitness(long number) => known.Batches.Any(
            batch => batch.Number > number && batch.DurableUpTo >= number && IsIntact(known, files, batch, withHeader: false));
    }

    private static bool IsIntact(KnownStore known, Dictionary<string, byte[]> files, KnownBatch batch, bool withHeader) =>
        IsSame(known.Files[batch.Path], files[batch.Path], batch.Offset, batch.Length) &&
        (!withHeader || IsSame(known.Files[batch.Path], files[batch.Path], 0, Block));

    private static bool IsSame(byte[] before, byte[] bytes, int at, int length) =>
        at + length <= bytes.Length && bytes.AsSpan(at, length).SequenceEqual(before.AsSpan(at, length));

    private static void CheckPlace(Exception cause, KnownStore known, Dictionary<string, byte[]> files, string[] changed)
    {
        Assert.True(cause is AioLogCorruptionException or AioLogVersionException, $"{cause}");
        var (path, offset) = (((AioException)cause).Path!, ((AioException)cause).Offset ?? 0);
        Assert.True(changed.Contains(path) || changed.Length > 1, $"{path} is not damaged: {cause.Message}");

        if (changed.Length > 1)
        {
            return; // of several any may be named
        }

        // The damage begins in what begins at the offset: the header, a batch, or the end of a file that was cut.
        var batch = known.Batches.FirstOrDefault(batch => batch.Path == path && batch.Offset == offset);
        var (bytes, before) = (files[path], known.Files[path]);
        var end = batch is null ? offset + Block : batch.Offset + batch.Length;
        Assert.True(
            offset == bytes.Length || offset >= 1 << 20 || !bytes.AsSpan((int)offset, (int)(Math.Min(end, bytes.Length) - offset))
                .SequenceEqual(before.AsSpan((int)offset, (int)(Math.Min(end, bytes.Length) - offset))),
            $"{path} is not damaged at {offset}: {cause.Message}");
    }

    private sealed record Change(Kind Kind, int File, double Place, double Other, int Bit)
    {
        public string Describe(KnownStore known) =>
            $"{Kind} of {PathIn(known)} at {Place} ({At(known, Place)}, {At(known, Other)}) bit {Bit}";

        public void Apply(Dictionary<string, byte[]> files, KnownStore known)
        {
            var path = PathIn(known);
            var bytes = files[path].ToArray();
            var (at, other) = (Math.Min(At(known, Place), bytes.Length - 1), At(known, Other) / Block * Block);
            var block = at / Block * Block;
            switch (Kind)
            {
                case Kind.Flip when bytes.Length > 0:
                    bytes[at] ^= (byte)(1 << Bit);
                    break;
                case Kind.Truncate:
                    bytes = bytes[..Math.Max(0, at)];
                    break;
                case Kind.Zero when block + Block <= bytes.Length:
                    bytes.AsSpan(block, Block).Clear();
                    break;
                case Kind.Swap when Math.Max(block, other) + Block <= bytes.Length && block != other:
                    var kept = bytes[block..(block + Block)];
                    bytes.AsSpan(other, Block).CopyTo(bytes.AsSpan(block));
                    kept.CopyTo(bytes, other);
                    break;
                case Kind.Copy when Math.Max(block, other) + Block <= bytes.Length:
                    bytes.AsSpan(other, Block).CopyTo(bytes.AsSpan(block));
                    break;
            }

            files[path] = bytes;
        }

        private string PathIn(KnownStore known) => known.Segments.ElementAt(File % known.Segments.Count());

        // Mostly where something is.
        private int At(KnownStore known, double place)
        {
            var path = PathIn(known);
            var last = known.Batches.LastOrDefault(batch => batch.Path == path);
            var used = last is null || Bit == 0 ? known.Files[path].Length : last.Offset + last.Length;
            return (int)(place * (used - 1));
        }
    }
}
