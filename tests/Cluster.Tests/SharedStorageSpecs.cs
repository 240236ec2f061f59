using System.Globalization;
using System.Text;
using AkkaAio.Cluster.Disks;

namespace AkkaAio.Cluster.Tests;

/// <summary>storage = shared: files of one folder, spread over the nodes that have it.</summary>
public sealed class SharedStorageSpecs : IAsyncLifetime
{
    private static readonly AioClusterOpenOptions Log = new() { Mode = FileMode.OpenOrCreate, Kind = AioClusterFileKind.Log };

    private readonly SharedFixture _cluster = new();

    public Task InitializeAsync() => _cluster.InitializeAsync();

    public Task DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Files_are_spread_over_all_nodes_and_every_node_reads_what_another_has_written()
    {
        var id = _cluster.DiskOf(0);
        Assert.All(Enumerable.Range(1, 2), node => Assert.Equal(id, _cluster.DiskOf(node)));
        Assert.Equal(3, _cluster.Node(0).GetDisks().Count(disk => disk.Id == id && disk.IsShared));
        for (var i = 0; i < 40; i++)
        {
            var file = await _cluster.Node(i % 3).OpenAsync($"{id}/{i}", new() { Mode = FileMode.CreateNew });
            await file.AppendAsync(Encoding.ASCII.GetBytes($"file {i}"));
        }

        for (var i = 0; i < 40; i++)
        {
            var file = await _cluster.Node((i + 1) % 3).OpenAsync($"{id}/{i}");
            Assert.Equal($"file {i}", Encoding.ASCII.GetString((await file.ReadAsync(0, 100)).Span));
        }

        Assert.All(Enumerable.Range(0, 3), node => Assert.True(_cluster.Node(node).OpenFiles.Count > 0, $"node {node} has no file open"));
        var names = new List<string>();
        await foreach (var address in _cluster.Node(2).ListAsync(id))
        {
            names.Add(address);
        }

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"{id}/{i}").Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public async Task Logs_that_move_when_nodes_leave_and_join_lose_nothing_and_their_epochs_never_go_back()
    {
        var id = _cluster.DiskOf(0);
        using var ends = new CancellationTokenSource();
        var started = new CountdownEvent(SharedFixture.Shards);
        var writers = Enumerable.Range(0, SharedFixture.Shards).Select(i => Task.Run(async () =>
        {
            var log = await _cluster.Node(0).OpenAsync($"{id}/log-{i}", Log);
            var acknowledged = new List<int>();
            for (var number = 0; !ends.IsCancellationRequested; number++)
            {
                await log.AppendAsync(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
                acknowledged.Add(number);
                if (number == 3)
                {
                    started.Signal();
                }
            }

            return acknowledged;
        })).ToArray();
        Assert.True(await Task.Run(() => started.Wait(TimeSpan.FromSeconds(30))));
        await _cluster.StopAsync(_cluster.Systems[2]);
        await _cluster.StartAsync(_cluster.FolderOf(0), SharedFixture.SharedHocon);
        await Eventually.IsTrueAsync(() => _cluster.Node(2).OpenFiles.Count > 0, "no shard was moved to the node that came");
        await ends.CancelAsync();
        var epochs = 0;
        for (var i = 0; i < writers.Length; i++)
        {
            var acknowledged = await writers[i].WaitAsync(TimeSpan.FromSeconds(30));
            var log = await _cluster.Node(1).OpenAsync($"{id}/log-{i}");
            var read = new List<AioClusterRecord>();
            await foreach (var record in log.ReadLogAsync())
            {
                read.Add(record);
            }

            Assert.Equal(
                acknowledged,
                read.Select(record => int.Parse(Encoding.ASCII.GetString(record.Payload.Span), CultureInfo.InvariantCulture)));
            Assert.Equal(read.Select(record => record.Epoch).Order(), read.Select(record => record.Epoch));
            epochs += read.Select(record => record.Epoch).Distinct().Count();
        }

        Assert.True(epochs > writers.Length, "no log has had a second owner");
    }

    [Fact]
    public async Task Where_the_leases_are_gone_files_are_closed_and_nothing_is_acknowledged_until_they_are_back()
    {
        var id = _cluster.DiskOf(0);
        var log = await _cluster.Node(0).OpenAsync($"{id}/a", Log);
        await log.AppendAsync("1"u8.ToArray());
        var leases = Path.Combine(_cluster.FolderOf(0), "leases");
        Directory.Move(leases, leases + ".gone");
        await Eventually.IsTrueAsync(
            () => Enumerable.Range(0, 3).All(node => _cluster.Node(node).OpenFiles.Count == 0), "a file is open without its lease");
        var appended = log.AppendAsync("2"u8.ToArray());
        Directory.CreateDirectory(leases); // as one that tries to mend it would: no lease is made anew
        using (var disk = SharedDisk.Open(_cluster.FolderOf(0), SharedFixture.Shards, singleMachine: true))
        {
            var error = await Assert.ThrowsAsync<AioSystemException>(() => LeaseOf(disk, 0).Acquire());
            Assert.Equal(Errno.ENOENT, error.Errno);
            Assert.Empty(Directory.EnumerateFileSystemEntries(leases));
        }

        Assert.False(appended.IsCompleted);
        Directory.Delete(leases);
        Directory.Move(leases + ".gone", leases);
        await appended.WaitAsync(TimeSpan.FromSeconds(30));
        var read = new List<AioClusterRecord>();
        await foreach (var record in log.ReadLogAsync())
        {
            read.Add(record);
        }

        Assert.Equal(["1", "2"], read.Select(record => Encoding.ASCII.GetString(record.Payload.Span)));
        Assert.True(read[1].Epoch > read[0].Epoch);
    }

    private static AioFileLease LeaseOf(SharedDisk disk, int shard) => new(disk, shard, "test", TimeSpan.FromMilliseconds(100));
}
