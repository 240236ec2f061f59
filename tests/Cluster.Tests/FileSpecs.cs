using System.Security.Cryptography;
using System.Text;

namespace AkkaAio.Cluster.Tests;

/// <summary>Files of a cluster of three nodes, from a node that does not own them.</summary>
public sealed class FileSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly AioClusterOpenOptions New = new() { Mode = FileMode.CreateNew };
    private static readonly AioClusterOpenOptions NewLog = new() { Mode = FileMode.CreateNew, Kind = AioClusterFileKind.Log };
    private static int s_files;

    [Fact]
    public async Task What_one_node_writes_another_reads()
    {
        var address = NewAddress(0);
        var file = await cluster.Node(1).OpenAsync(address, New);
        await file.WriteAsync("hello"u8.ToArray(), 3);
        await file.FlushAsync();
        var other = await cluster.Node(2).OpenAsync(address);
        Assert.Equal("\0\0\0hello", Encoding.ASCII.GetString((await other.ReadAsync(0, 100)).Span));
        Assert.Equal(8, other.End);
        Assert.Equal(
            (8, AioClusterFileKind.Plain), ((await cluster.Node(2).StatAsync(address)) is var stat ? (stat.Length, stat.Kind) : default));
    }

    [Fact]
    public async Task Appends_of_several_nodes_to_a_log_are_all_there_once_and_in_the_order_of_their_replies()
    {
        var address = NewAddress(0);
        await cluster.Node(0).OpenAsync(address, NewLog);
        var appended = await Task.WhenAll(Enumerable.Range(0, 3).Select(async node =>
        {
            var log = await cluster.Node(node).OpenAsync(address);
            var ends = new List<(long End, string Text)>();
            for (var i = 0; i < 20; i++)
            {
                var text = $"{node}.{i}";
                ends.Add((await log.AppendAsync(Encoding.ASCII.GetBytes(text)), text));
            }

            return ends;
        }));
        var file = await cluster.Node(1).OpenAsync(address);
        var read = new List<(long, string)>();
        await foreach (var record in file.ReadLogAsync())
        {
            read.Add((record.Next, Encoding.ASCII.GetString(record.Payload.Span)));
        }

        Assert.Equal(appended.SelectMany(ends => ends).Order(), read);
    }

    [Fact]
    public async Task A_stream_each_way_is_the_same_bytes()
    {
        var bytes = new byte[3_000_001];
        new Random(1).NextBytes(bytes);
        var address = NewAddress(2);
        var file = await cluster.Node(1).OpenAsync(address, New);
        Assert.Equal(bytes.Length, await file.CopyFromAsync(new MemoryStream(bytes)));
        using var back = new MemoryStream();
        Assert.Equal(bytes.Length, await (await cluster.Node(0).OpenAsync(address)).CopyToAsync(back));
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData(back.ToArray()));
    }

    [Fact]
    public async Task An_append_at_another_end_changes_nothing_and_the_same_append_again_succeeds()
    {
        var file = await cluster.Node(1).OpenAsync(NewAddress(0), NewLog);
        var end = await file.AppendAtAsync(0, "one"u8.ToArray());
        var wrong = await Assert.ThrowsAsync<AioClusterFileException>(() => file.AppendAtAsync(0, "two"u8.ToArray()));
        Assert.Equal((AioClusterFailure.WrongEnd, AioOutcome.NotPerformed, end), (wrong.Failure, wrong.Outcome, wrong.End));
        Assert.Equal(end, await file.AppendAtAsync(0, "one"u8.ToArray()));
        Assert.Equal(1, await file.ReadLogAsync().CountAsync());
    }

    [Fact]
    public async Task A_file_that_is_deleted_and_made_again_is_another()
    {
        var address = NewAddress(0);
        var file = await cluster.Node(1).OpenAsync(address, New);
        await file.WriteAsync(new byte[10], 0);
        await cluster.Node(2).DeleteAsync(address);
        Assert.Equal(
            AioClusterFailure.NotFound,
            (await Assert.ThrowsAsync<AioClusterFileException>(() => cluster.Node(2).OpenAsync(address))).Failure);
        await cluster.Node(2).OpenAsync(address, New);
        var replaced = await Assert.ThrowsAsync<AioClusterFileException>(() => file.WriteAsync(new byte[10], 0));
        Assert.Equal((AioClusterFailure.Replaced, AioOutcome.NotPerformed), (replaced.Failure, replaced.Outcome));
        Assert.Equal(0, (await cluster.Node(0).StatAsync(address)).Length);
    }

    [Fact]
    public async Task Files_are_listed_and_truncated()
    {
        var disk = cluster.DiskOf(1);
        for (var i = 0; i < 5; i++)
        {
            await cluster.Node(0).OpenAsync($"{disk}/list/a/{i}", New);
        }

        Assert.Equal(
            Enumerable.Range(0, 5).Select(i => $"{disk}/list/a/{i}"), await cluster.Node(2).ListAsync(disk, "list/").ToArrayAsync());
        var file = await cluster.Node(0).OpenAsync($"{disk}/list/a/0");
        await file.WriteAsync(new byte[100], 0);
        await file.TruncateAsync(100, 40);
        Assert.Equal(40, (await cluster.Node(2).StatAsync(file.Address)).Length);
    }

    private string NewAddress(int node) => $"{cluster.DiskOf(node)}/f-{Interlocked.Increment(ref s_files)}";
}
