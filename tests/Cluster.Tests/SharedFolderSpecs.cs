using Akka.Actor;
using AkkaAio.Cluster.Disks;

namespace AkkaAio.Cluster.Tests;

/// <summary>What folders can be shared, and by which nodes.</summary>
public sealed class SharedFolderSpecs : IDisposable
{
    private readonly string _folder =
        Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "tmp-" + Guid.NewGuid().ToString("N"))).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Nodes_that_come_at_once_make_one_folder()
    {
        var disks = new SharedDisk[8];
        Parallel.For(
            0, disks.Length, new ParallelOptions { MaxDegreeOfParallelism = disks.Length },
            i => disks[i] = SharedDisk.Open(_folder, 5, singleMachine: true));
        Assert.Single(disks.Select(disk => disk.Id).Distinct());
        Assert.Equal(["0", "1", "2", "3", "4"], Directory.EnumerateFiles(Path.Combine(_folder, "leases")).Select(Path.GetFileName).Order());
        Array.ForEach(disks, disk => disk.Dispose());
    }

    [Fact]
    public void A_node_with_another_number_of_shards_is_refused()
    {
        using var disk = SharedDisk.Open(_folder, 5, singleMachine: true);
        Assert.Contains(
            "5 shards",
            Assert.Throws<AioClusterException>(() => SharedDisk.Open(_folder, 6, singleMachine: true)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_shared_or_local_and_not_both()
    {
        using (SharedDisk.Open(_folder, 5, singleMachine: true))
        {
            Assert.Contains("in use", Assert.Throws<AioClusterException>(() => LocalDisk.Open(_folder)).Message, StringComparison.Ordinal);
        }

        Assert.Contains(
            "storage = shared", Assert.Throws<AioClusterException>(() => LocalDisk.Open(_folder)).Message, StringComparison.Ordinal);
        var local = Directory.CreateDirectory(Path.Combine(_folder, "local")).FullName;
        LocalDisk.Open(local).Dispose();
        Assert.Contains(
            "storage = local",
            Assert.Throws<AioClusterException>(() => SharedDisk.Open(local, 5, singleMachine: true)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_another_node_is_making_is_not_removed_as_left_over()
    {
        using var disk = SharedDisk.Open(_folder, 5, singleMachine: true);
        File.WriteAllText(Path.Combine(_folder, "tmp", "left"), "");
        using (Interop.Files.LinuxFile.Open(
                   Path.Combine(_folder, "tmp", "made"),
                   new(FileMode.CreateNew, FileAccess.ReadWrite, DirectIo.Off) { Lock = FileLockMode.Exclusive }))
        {
            SharedDisk.Open(_folder, 5, singleMachine: true).Dispose();
            Assert.Equal(["made"], Directory.EnumerateFiles(Path.Combine(_folder, "tmp")).Select(Path.GetFileName));
        }
    }

    [Fact]
    public void A_local_file_system_is_shared_by_one_machine_alone()
    {
        var why = Assert.Throws<AioClusterException>(() => SharedDisk.Open(_folder, 5, singleMachine: false)).Message;
        Assert.Contains("single-machine = on", why, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("rw", "nfs4 server:/x rw,vers=4.2,local_lock=none,addr=10.0.0.1", null)]
    [InlineData("rw", "nfs4 server:/x rw,vers=4.1,local_lock=all", "local_lock=all")]
    [InlineData("rw", "nfs4 server:/x rw,nolock", "nolock")]
    [InlineData("rw", "nfs server:/x rw,vers=3", "on nfs,")]
    [InlineData("rw,noatime", "ceph 10.0.0.1:/ rw,name=admin", null)]
    [InlineData("rw", "gfs2 /dev/x rw,localflocks", "localflocks")]
    [InlineData("rw", "gfs2 /dev/x rw", null)]
    [InlineData("rw", "ocfs2 /dev/x rw,localflocks", "localflocks")]
    [InlineData("rw", "fuse.sshfs host: rw", "fuse.sshfs")]
    [InlineData("rw", "tmpfs tmpfs rw", "tmpfs")]
    [InlineData("rw", "xfs /dev/x rw", "single-machine")]
    public void A_file_system_is_accepted_by_its_type_and_mount_options(string mountOptions, string superBlock, string? refused)
    {
        var why = SharedFileSystem.WhyNot("/data", $"36 35 98:0 /a /data {mountOptions} shared:1 - {superBlock}", singleMachine: false);
        if (refused is null)
        {
            Assert.Null(why);
        }
        else
        {
            Assert.Contains(refused, why, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "use-lease = akka.io.aio.cluster.lease")]
    [InlineData(
        "akka.cluster.sharding.use-lease = other\nother.lease-class = \"Akka.Coordination.Tests.TestLease, Akka.Coordination.Tests\"",
        "is no AioFileLease")]
    public async Task Shared_folders_without_our_lease_are_refused_at_the_start(string hocon, string expected)
    {
        var config = ClusterFixture.ConfigOf(
            0, 1, $"akka.io.aio.cluster {{ storage = shared, single-machine = on, directories = [\"{_folder}\"] }}", hocon);
        var system = ActorSystem.Create("files", AioClusterSetup.For(config));
        try
        {
            Assert.Contains(
                expected, Assert.Throws<AioClusterException>(() => AioClusterExt.Get(system)).Message, StringComparison.Ordinal);
        }
        finally
        {
            await system.Terminate();
        }
    }

    [Fact]
    public async Task More_shards_than_a_frame_can_hold_are_refused_at_the_start()
    {
        var config = ClusterFixture.ConfigOf(
            0, 1, SharedFixture.SharedHocon, $"akka.io.aio.cluster {{ shards = 1000, directories = [\"{_folder}\"] }}");
        var system = ActorSystem.Create("files", AioClusterSetup.For(config));
        try
        {
            Assert.Contains(
                "shards = 1000", Assert.Throws<AioClusterException>(() => AioClusterExt.Get(system)).Message, StringComparison.Ordinal);
        }
        finally
        {
            await system.Terminate();
        }
    }

    // Files that exist are found by it: it must never give another number.
    [Theory]
    [InlineData("a", 100, 76)]
    [InlineData("logs/2026/orders", 100, 93)]
    [InlineData("ünï", 7, 6)]
    public void The_shard_of_a_name_never_changes(string name, int shards, int expected) =>
        Assert.Equal(expected, DiskShards.NumberOf(name, shards));
}
