using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;
using AkkaAio.Persistence.Reading;
using AkkaAio.Persistence.Store;
using AkkaAio.TestKit;
using Xunit;

namespace AkkaAio.Persistence.Tests.Reading;

/// <summary>The read cache and the open segments under it.</summary>
public sealed class BatchCacheSpecs : IAsyncLifetime, IDisposable
{
    private const int Block = 4096;

    private readonly AioTestDisk _disk = new() { Alignment = Block };
    private readonly ActorSystem _system;
    private LogFiles _files = null!;
    private OpenSegments _segments = null!;
    private BatchCache _cache = null!;

    public BatchCacheSpecs() => _system = ActorSystem.Create("cache", ActorSystemSetup.Empty
        .And(BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(
            "akka { loglevel = WARNING, persistence.aio-store { dir = \"/store\", segment-size = 1 MiB } }")))
        .And(_disk.Setup));

    public async Task InitializeAsync()
    {
        _files = await AioStores.Get(_system).Of("akka.persistence.aio-store").OpenAsync(LogKind.Events);
        _segments = new OpenSegments(_files);
        _cache = new BatchCache(_segments, new ReadGate(1 << 30), 1 << 30);
    }

    // A read brings the batches behind the one that was asked for. When a write fails, a recovery may leave those out, and others are
    // written at their place.
    [Fact]
    public async Task A_read_from_before_a_clear_is_not_kept()
    {
        var first = BatchOf(1, 0, epoch: 1);
        var before = BatchOf(2, CrcOf(first), epoch: 1);
        WriteSegment(1, [.. first, .. before]);
        using (var hold = _disk.Reads(_files.Folder.PathOf(1)).Where(operation => operation.Offset == Block).Hold())
        {
            var reading = _cache.GetAsync(1, 1).AsTask();
            await hold.WhenHit();
            _cache.Clear();
            hold.Dispose();
            (await reading).Dispose();
        }

        WriteSegment(1, [.. first, .. BatchOf(2, CrcOf(first), epoch: 2)]);
        using var batch = await _cache.GetAsync(1, 2);
        Assert.Equal(2, batch.Header.Epoch);
    }

    // Of what a segment held before it was recycled, and of what is not written whole.
    [Theory]
    [InlineData(3, 1, true)]
    [InlineData(2, 1, false)]
    [InlineData(2, 0, true)]
    public async Task What_does_not_follow_the_batch_that_was_asked_for_is_not_kept(long number, long epoch, bool hasChain)
    {
        var first = BatchOf(1, 0, epoch: 1);
        WriteSegment(1, [.. first, .. BatchOf(number, hasChain ? CrcOf(first) : 7, epoch)]);
        (await _cache.GetAsync(1, 1)).Dispose();
        WriteSegment(1, [.. first, .. BatchOf(2, CrcOf(first), epoch: 2)]);
        using var batch = await _cache.GetAsync(1, 2);
        Assert.Equal((2, 2), (batch.Header.Number, batch.Header.Epoch));
    }

    [Fact]
    public async Task A_segment_stays_usable_for_its_readers_however_many_others_are_opened()
    {
        for (var number = 1; number <= 300; number++)
        {
            WriteSegment(number, []);
        }

        using var first = await _segments.GetAsync(1);
        for (var number = 2; number <= 300; number++)
        {
            (await _segments.GetAsync(number)).Dispose();
        }

        using var block = await first.File.RentReadAsync(0, Block);
        Assert.Equal(Block, block.Length);
    }

    public Task DisposeAsync() => _system.Terminate();

    public void Dispose()
    {
        _cache.Dispose();
        _segments.Dispose();
        _system.Dispose();
    }

    private static byte[] BatchOf(long number, uint previousCrc, long epoch)
    {
        var batch = new byte[Block];
        new BatchHeader
        {
            Length = Block,
            Used = BatchHeader.Size,
            Epoch = epoch,
            Number = number,
            DurableUpTo = 0,
            FirstOrdering = 1,
            Records = 0,
            PreviousCrc = previousCrc,
            Ticks = 0,
        }.Seal(batch);
        return batch;
    }

    private static uint CrcOf(byte[] batch) => BatchHeader.TryRead(batch, Block, out var header) ? header.Crc : 0;

    private void WriteSegment(long number, byte[] batches)
    {
        var bytes = new byte[_files.Settings.SegmentBytes];
        new SegmentHeader
        {
            Kind = LogKind.Events,
            BlockSize = Block,
            Store = _files.Settings.Store,
            Number = number,
            Epoch = 1,
            SegmentSize = bytes.Length,
            FirstBatch = 1,
            FirstOrdering = 1,
            CreatedTicks = 0,
            PreviousNumber = number - 1,
            PreviousEnd = 0,
            PreviousCrc = 0,
        }.Write(bytes.AsSpan(0, Block));
        batches.CopyTo(bytes, Block);
        _disk.WriteAllBytes(_files.Folder.PathOf(number), bytes);
    }
}
