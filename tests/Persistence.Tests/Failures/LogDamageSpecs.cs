using System.Text;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Inspection;
using AkkaAio.Persistence.Log;
using AkkaAio.TestKit;
using Xunit;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>An <see cref="AioLog"/> on a disk that damages, refuses or forgets.</summary>
public sealed class LogDamageSpecs : IDisposable
{
    private const int Block = 4096;
    private const string First = "/log/0000000001.seg";

    private static readonly AioLogSettings Small = new()
    {
        SegmentSize = 1 << 20,
        BufferSize = 64 << 10,
        MaxAppend = 1 << 20,
        ZeroRate = 0,
        PipelineFrom = TimeSpan.Zero,
    };

    private readonly AioTestDisk _disk = new() { Alignment = Block };
    private readonly ActorSystem _system;

    public LogDamageSpecs() => _system = ActorSystem.Create("log", ActorSystemSetup.Empty
        .And(BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString("akka.loglevel = ERROR"))).And(_disk.Setup));

    [Theory]
    [InlineData(20 * Block)] // a batch
    [InlineData(0)] // the header
    public async Task Damage_of_a_segment_that_is_not_the_last_fails_the_read_with_its_place(int at)
    {
        await using var log = await AioLog.OpenAsync(_system, "/log", Small);
        for (var i = 0; i < 50; i++)
        {
            await log.AppendAsync(Record(i));
        }

        Assert.Equal(50, (await ReadAsync(log)).Count);
        Damage(First, at + 100);
        var refused = await Assert.ThrowsAsync<AioLogCorruptionException>(() => ReadAsync(log));
        Assert.Equal(First, refused.Path);
        Assert.InRange(refused.Offset ?? -1, Math.Max(0, at - (8 * Block)), at);
    }

    [Fact]
    public async Task A_new_folder_and_those_above_it_are_durable_before_anything_is_acknowledged()
    {
        await using var log = await AioLog.OpenAsync(_system, "/above/folder/log", Small);
        await log.AppendAsync(Record(1));
        var operations = _disk.Operations.ToList();
        var written = operations.FindIndex(operation => operation is { Kind: DiskOperationKind.Write, IsDataSync: true });
        var synced = operations.Take(written).Where(operation => operation.Kind == DiskOperationKind.SyncFolder)
            .Select(operation => operation.Path).ToList();
        Assert.Equal(["/", "/above", "/above/folder"], synced.Take(3));
    }

    [Fact]
    public async Task A_folder_whose_name_cannot_be_made_durable_is_refused()
    {
        using var fault = _disk.FolderSyncs("/above").Fail(Errno.EIO);
        var refused = await Assert.ThrowsAsync<AioSystemException>(() => AioLog.OpenAsync(_system, "/above/log", Small));
        Assert.Equal(Errno.EIO, refused.Errno);
    }

    [Fact]
    public async Task Missing_levels_of_a_real_folder_are_made()
    {
        var folder = Directory.CreateTempSubdirectory("akka-aio-log.").FullName;
        using var system = ActorSystem.Create("log", "akka.loglevel = ERROR");
        await using (var log = await AioLog.OpenAsync(system, Path.Combine(folder, "a/b/c/"), Small))
        {
            await log.AppendAsync(Record(1));
        }

        Assert.Contains("STORE", Directory.GetFiles(Path.Combine(folder, "a/b/c")).Select(Path.GetFileName));
        await system.Terminate();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_write_that_fails_with_later_segments_begun_behind_it_leaves_none_of_them_open()
    {
        var log = await AioLog.OpenAsync(_system, "/log", Small with { BufferSize = 1 << 20 });
        await log.AppendAsync(Record(0));
        var fault = _disk.Writes(First).Fail(Errno.EIO);
        var (holds, appends) = (new List<DiskHold>(), new List<Task>());
        for (var segment = 1; segment <= 3; segment++)
        {
            holds.Add(_disk.Writes($"/log/{segment:D10}.seg").Hold());
            appends.Add(log.AppendAsync(new byte[segment == 1 ? 1000 : 1_010_000]));
            await holds[^1].WhenHit();
        }

        holds.ForEach(hold => hold.Dispose());
        await Assert.ThrowsAsync<AioLogAppendException>(() => Task.WhenAll(appends));
        fault.Dispose();
        await log.DisposeAsync();
        await _disk.ExpectNoLeaks(_system);
    }

    [Fact]
    public async Task Inspect_and_verify_go_on_where_a_segment_goes_meanwhile()
    {
        await using var log = await AioLog.OpenAsync(_system, "/log", Small);
        for (var i = 0; i < 50; i++)
        {
            await log.AppendAsync(Record(i));
        }

        var lines = new List<string>();
        using var gone = _disk.Opens(First).Fail(Errno.ENOENT);
        await new LogInspector(AioExt.Get(_system), "/log", lines.Add).InspectAsync(default);
        Assert.StartsWith("0000000001.seg  gone meanwhile", lines[0], StringComparison.Ordinal);
        Assert.True(lines.Count >= 2);
    }

    // Each block of the payload of a torn batch looks like the header of a batch that goes to the end of the segment.
    [Fact]
    public async Task Blocks_that_look_like_headers_cost_a_start_no_more_reads()
    {
        var bytes = new byte[1 << 20];
        for (var at = Block; at < bytes.Length; at += Block)
        {
            Fake((bytes.Length - at) / Block, number: 9, durableUpTo: 8).CopyTo(bytes.AsSpan(at));
        }

        _disk.WriteAllBytes("/scanned", bytes);
        Assert.Null(await FindWitnessAsync(bytes.Length));
        Assert.InRange(
            _disk.Operations.Where(operation => operation.Kind == DiskOperationKind.Read).Sum(operation => operation.Length), 1, 1 << 20);
    }

    [Theory]
    [InlineData(9, 7, 3, 90, true)]
    [InlineData(9, 6, 3, 90, false)] // it does not say that batch 7 was durable
    [InlineData(80, 79, 3, 90, false)] // 73 batches do not go before it
    [InlineData(9, 9, 3, 90, false)] // of its own durability none knows
    [InlineData(9, 7, 2, 90, false)] // of an earlier epoch: it was there before
    [InlineData(9, 7, 3, 60, false)] // its records come before the missing ones
    public async Task A_batch_behind_the_end_is_a_witness_only_where_the_log_could_have_it(
        int number, int durableUpTo, int epoch, int ordering, bool isWitness)
    {
        var bytes = new byte[1 << 18];
        for (var blocks = 1; blocks <= 40; blocks += 13)
        {
            Array.Clear(bytes);
            Intact(blocks, number, durableUpTo, epoch, ordering).CopyTo(bytes.AsSpan(20 * Block));
            _disk.WriteAllBytes("/scanned", bytes);
            Assert.Equal(isWitness ? 20 * Block : null, await FindWitnessAsync(bytes.Length));
            bytes[(20 + blocks) * Block - 1] ^= 1;
            _disk.WriteAllBytes("/scanned", bytes);
            Assert.Null(await FindWitnessAsync(bytes.Length));
        }
    }

    private async Task<long?> FindWitnessAsync(int length)
    {
        await using var file = await AioExt.Get(_system).OpenAsync("/scanned");
        Assert.Equal(length, file.Length);
        return await new SegmentScan(file, 1, Block).FindWitnessAsync(new LogEnd(Block, 3, 7, 70, 0));
    }

    private static byte[] Intact(int blocks, long number, long durableUpTo, long epoch, long ordering)
    {
        var bytes = new byte[blocks * Block];
        Random.Shared.NextBytes(bytes);
        new BatchHeader
        {
            Length = bytes.Length,
            Used = bytes.Length - 1,
            Epoch = epoch,
            Number = number,
            DurableUpTo = durableUpTo,
            FirstOrdering = ordering,
            Records = 1,
            PreviousCrc = 1,
            Ticks = 1,
        }.Seal(bytes);
        return bytes;
    }

    private static byte[] Fake(int blocks, long number, long durableUpTo)
    {
        var block = Intact(blocks, number, durableUpTo, epoch: 3, ordering: 90)[..Block];
        block[Block / 2] ^= 1;
        return block;
    }

    private void Damage(string path, int at)
    {
        var bytes = _disk.ReadAllBytes(path);
        bytes[at] ^= 1;
        _disk.WriteAllBytes(path, bytes);
    }

    private static byte[] Record(int i) => Encoding.UTF8.GetBytes($"record {i} {new string('x', 30_000)}");

    private static async Task<List<long>> ReadAsync(AioLog log)
    {
        var all = new List<long>();
        await foreach (var record in log.ReadAsync())
        {
            all.Add(record.Position);
        }

        return all;
    }

    public void Dispose() => _system.Dispose();
}
