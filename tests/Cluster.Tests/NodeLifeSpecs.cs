using System.Text;

namespace AkkaAio.Cluster.Tests;

/// <summary>A node with other settings, that is full, idle, or started again.</summary>
public sealed class NodeLifeSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly AioClusterOpenOptions New = new() { Mode = FileMode.CreateNew };
    private static readonly AioClusterOpenOptions NewLog = new() { Mode = FileMode.CreateNew, Kind = AioClusterFileKind.Log };

    [Fact]
    public async Task A_node_that_is_started_again_has_its_data_and_higher_epochs()
    {
        var folder = cluster.FolderOf(10);
        var system = await cluster.StartAsync(folder);
        var disk = AioClusterExt.Get(system).Disks[0].Id;
        var client = cluster.Node(1);
        var log = await client.OpenAsync($"{disk}/log", NewLog);
        await log.AppendAsync("before"u8.ToArray());
        var plain = await client.OpenAsync($"{disk}/deep/plain", New);
        await plain.WriteAsync("data"u8.ToArray(), 0);
        var starts = (await client.StatDiskAsync(disk)).Starts;
        await cluster.StopAsync(system);
        system = await cluster.StartAsync(folder);
        Assert.Equal(disk, AioClusterExt.Get(system).Disks[0].Id);
        await log.AppendAsync("behind"u8.ToArray()); // by the object of before
        await plain.FlushAsync();
        Assert.Equal("data", Encoding.ASCII.GetString((await plain.ReadAsync(0, 10)).Span));
        var records = await log.ReadLogAsync().ToArrayAsync();
        Assert.Equal(["before", "behind"], records.Select(record => Encoding.ASCII.GetString(record.Payload.Span)));
        Assert.True(records[1].Epoch > records[0].Epoch);
        Assert.Equal(starts + 1, (await client.StatDiskAsync(disk)).Starts);
        await cluster.StopAsync(system);
    }

    [Fact]
    public async Task Twenty_files_under_load_are_right_where_three_may_be_open()
    {
        var system = await cluster.StartAsync(cluster.FolderOf(11), "akka.io.aio.cluster.max-open-files = 3");
        var node = AioClusterExt.Get(system);
        var files = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => cluster.Node(1).OpenAsync($"{node.Disks[0].Id}/{i}", NewLog)));
        await Task.WhenAll(files.Select(async (file, number) =>
        {
            for (var i = 0; i < 10; i++)
            {
                await file.AppendAsync(Encoding.ASCII.GetBytes($"{number}.{i}"));
            }
        }));
        for (var number = 0; number < files.Length; number++)
        {
            var records = await files[number].ReadLogAsync().Select(record => Encoding.ASCII.GetString(record.Payload.Span)).ToArrayAsync();
            Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{number}.{i}"), records);
        }

        await Eventually.IsTrueAsync(() => node.OpenFiles.Count <= 4, $"{node.OpenFiles.Count} files are open, and 3 may be");
        await cluster.StopAsync(system);
    }

    [Fact]
    public async Task A_file_that_nobody_uses_is_closed_and_opened_again_by_the_next_request()
    {
        var system = await cluster.StartAsync(cluster.FolderOf(12), "akka.io.aio.cluster.passivate-after = 100ms");
        var node = AioClusterExt.Get(system);
        var file = await cluster.Node(1).OpenAsync($"{node.Disks[0].Id}/a", New);
        await file.WriteAsync("data"u8.ToArray(), 0);
        await Eventually.IsTrueAsync(() => node.OpenFiles.Count == 0, "the file is closed");
        Assert.Equal("data", Encoding.ASCII.GetString((await file.ReadAsync(0, 10)).Span));
        await file.WriteAsync(" and more"u8.ToArray(), 4);
        await file.FlushAsync();
        await Eventually.IsTrueAsync(() => node.OpenFiles.Count == 0, "the file is closed again");
        await cluster.StopAsync(system);
    }

    [Fact]
    public async Task A_disk_that_is_nearly_full_refuses_growth_and_takes_what_needs_none()
    {
        var folder = cluster.FolderOf(13);
        var system = await cluster.StartAsync(folder);
        var disk = AioClusterExt.Get(system).Disks[0].Id;
        var file = await cluster.Node(1).OpenAsync($"{disk}/a", New);
        var log = await cluster.Node(1).OpenAsync($"{disk}/log", NewLog);
        await file.WriteAsync(new byte[100], 0);
        await cluster.StopAsync(system);
        system = await cluster.StartAsync(folder, "akka.io.aio.cluster.min-free = 1000000 GiB");

        // Both know their new owners: a change whose first telling was lost with the old one would fail with OwnerChanged.
        _ = await file.ReadAsync(0, 1);
        Assert.Empty(await log.ReadLogAsync().ToArrayAsync());
        foreach (var grow in new Func<Task>[]
                 {
                     () => file.WriteAsync(new byte[100], 50),
                     () => file.AppendAsync(new byte[1]),
                     () => file.TruncateAsync(100, 101),
                     () => log.AppendAsync(new byte[1]),
                 })
        {
            var full = await Assert.ThrowsAsync<AioClusterFileException>(grow);
            Assert.Equal((AioClusterFailure.DiskFull, AioOutcome.NotPerformed), (full.Failure, full.Outcome));
            Assert.Contains("min-free", full.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<AioClusterFileException>(() => file.CopyFromAsync(new MemoryStream(new byte[200])));
        await file.WriteAsync(new byte[50], 50);
        await file.TruncateAsync(100, 10);
        Assert.Equal(10, (await cluster.Node(1).StatAsync(file.Address)).Length);
        Assert.Equal(0, (await cluster.Node(1).StatAsync(log.Address)).Length);
        await cluster.StopAsync(system);
    }
}
