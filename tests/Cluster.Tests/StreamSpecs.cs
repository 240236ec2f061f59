using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>Streams that go wrong or stand still, beside other calls on their file.</summary>
public sealed class StreamSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_stream_that_nobody_reads_holds_up_no_flush()
    {
        var file = await NewFileAsync();
        await file.WriteAsync(new byte[4 << 20], 0);
        var (reads, done) = file.ReadStream().ToMaterialized(Sink.Queue<ReadOnlyMemory<byte>>(), Keep.Right)
            .MapMaterializedValue(queue => (queue, queue.PullAsync())).Run(cluster.Node(1).Materializer);
        Assert.True((await done.WaitAsync(Time)).HasValue);
        await file.FlushAsync().WaitAsync(Time);
        await file.TruncateAsync(4 << 20, 10).WaitAsync(Time);
        GC.KeepAlive(reads);
    }

    [Fact]
    public async Task A_damaged_chunk_ends_the_stream_and_the_flush_behind_it_is_another_opens()
    {
        var file = await NewFileAsync();
        var opened = (await AskAsync(new Wire.Request { File = file.Address, Open = new Wire.OpenFile() })).Opened;
        Wire.Request Change(ulong number) => new()
        {
            File = file.Address,
            FileId = opened.FileId,
            Epoch = opened.Epoch,
            Client = ByteString.CopyFrom(new byte[16]),
            Number = number,
        };
        var open = Change(1);
        open.OpenWrite = new Wire.OpenWrite();
        var sink = cluster.Node(1).StreamOf<ISinkRef<Wire.Chunk>>((await AskAsync(open)).Stream);
        var damaged = new Wire.Chunk { Data = ByteString.CopyFromUtf8("abc"), Crc32C = 1 };
        Source.Single(damaged).RunWith(sink.Sink, cluster.Node(1).Materializer);
        var flush = Change(2);
        flush.Flush = new Wire.Flush();
        Assert.True((await AskAsync(flush)).Moved.Epoch > opened.Epoch);
        Assert.Equal(0, (await cluster.Node(2).StatAsync(file.Address)).Length);
        await file.WriteAsync("usable"u8.ToArray(), 0);
    }

    [Fact]
    public async Task A_stream_that_is_asked_for_twice_is_one_stream_and_holds_up_no_flush()
    {
        var file = await NewFileAsync();
        var opened = (await AskAsync(new Wire.Request { File = file.Address, Open = new Wire.OpenFile() })).Opened;
        var open = new Wire.Request
        {
            File = file.Address,
            FileId = opened.FileId,
            Epoch = opened.Epoch,
            Client = ByteString.CopyFrom(new byte[16]),
            Number = 1,
            OpenWrite = new Wire.OpenWrite(),
        };
        var offer = await AskAsync(open);
        Assert.Equal(offer, await AskAsync(open)); // as a client whose answer is late
        var sink = cluster.Node(1).StreamOf<ISinkRef<Wire.Chunk>>(offer.Stream);
        var data = ByteString.CopyFromUtf8("abc");
        Source.Single(new Wire.Chunk { Data = data, Crc32C = Logs.Crc32C.Of(data.Span) }).RunWith(sink.Sink, cluster.Node(1).Materializer);
        var flush = open.Clone();
        (flush.Number, flush.Flush) = (2, new Wire.Flush());
        Assert.Equal(3, (await AskAsync(flush)).Done.End);
    }

    private Task<AioClusterFile> NewFileAsync() =>
        cluster.Node(1).OpenAsync($"{cluster.DiskOf(0)}/{Guid.NewGuid():N}", new() { Mode = FileMode.CreateNew });

    private Task<Wire.Reply> AskAsync(Wire.Request request) => cluster.Node(1).Region.Ask<Wire.Reply>(request, Time);
}
