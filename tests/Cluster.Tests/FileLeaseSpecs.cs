using Akka.Actor;
using AkkaAio.Cluster.Disks;
using AkkaAio.Cluster.Leases;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Cluster.Tests;

/// <summary>A shard's lease, on the real locks of two opens of one folder.</summary>
public sealed class FileLeaseSpecs : IDisposable
{
    private const int Shards = 4;

    private readonly string _folder =
        Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "tmp-" + Guid.NewGuid().ToString("N"))).FullName;
    private readonly SharedDisk _first;
    private readonly SharedDisk _second;

    public FileLeaseSpecs() => (_first, _second) = (Open(), Open());

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task One_node_has_it_at_a_time_and_each_acquisition_has_a_higher_epoch()
    {
        var ((disk, lease), (otherDisk, otherLease)) = ((_first, LeaseOf(_first)), (_second, LeaseOf(_second)));
        var last = 0UL;
        for (var i = 0; i < 5; i++)
        {
            Assert.True(await lease.Acquire());
            Assert.True(await lease.Acquire()); // again
            Assert.True(lease.CheckLease());
            Assert.False(await otherLease.Acquire());
            Assert.Null(otherDisk.TryHold(NameIn(0), ActorRefs.Nobody));
            var hold = disk.TryHold(NameIn(0), ActorRefs.Nobody)!;
            Assert.True(hold.Epoch > last);
            last = hold.Epoch;
            hold.GiveBack();
            Assert.True(await lease.Release());
            Assert.False(lease.CheckLease());
            ((disk, lease), (otherDisk, otherLease)) = ((otherDisk, otherLease), (disk, lease));
        }
    }

    [Fact]
    public async Task It_is_not_released_before_the_last_file_is_closed_and_no_call_works_on_its_name()
    {
        var (first, second) = (LeaseOf(_first), LeaseOf(_second));
        Assert.True(await first.Acquire());
        var hold = _first.TryHold(NameIn(0), ActorRefs.Nobody)!;
        hold.Keep(); // a call
        Assert.False(await first.Release());
        Assert.Null(_first.TryHold(NameIn(0), ActorRefs.Nobody)); // no new file
        Assert.False(await first.Acquire());
        Assert.False(await second.Acquire());
        hold.GiveBack();
        Assert.False(await second.Acquire());
        hold.GiveBack();
        Assert.True(await second.Acquire());
        var next = _second.TryHold(NameIn(0), ActorRefs.Nobody)!;
        Assert.True(next.Epoch > hold.Epoch);
        Assert.Equal(1UL, next.Epoch & uint.MaxValue); // of this acquisition
        next.GiveBack();
    }

    [Fact]
    public async Task Shards_do_not_keep_each_other_out()
    {
        Assert.True(await LeaseOf(_first, 0).Acquire());
        Assert.True(await LeaseOf(_second, 1).Acquire());
        Assert.NotNull(_first.TryHold(NameIn(0), ActorRefs.Nobody));
        Assert.Null(_first.TryHold(NameIn(1), ActorRefs.Nobody));
        Assert.NotNull(_second.TryHold(NameIn(1), ActorRefs.Nobody));
    }

    [Fact]
    public async Task A_torn_write_of_the_epoch_leaves_the_one_before()
    {
        var lease = LeaseOf(_first);
        for (var i = 1; i <= 3; i++)
        {
            Assert.True(await lease.Acquire());
            Assert.True(await lease.Release());
        }

        Damage(Path.Combine(_folder, "leases", "0"), 4096 + 8); // the slot of epoch 3
        Assert.True(await lease.Acquire());
        Assert.Equal(3UL << 32, _first.TryHold(NameIn(0), ActorRefs.Nobody)!.Epoch & ~(ulong)uint.MaxValue);
    }

    [Fact]
    public async Task A_lease_without_an_epoch_is_not_acquired()
    {
        var path = Path.Combine(_folder, "leases", "0");
        File.WriteAllBytes(path, new byte[8192]);
        Assert.Contains(
            "damaged", (await Assert.ThrowsAsync<AioClusterException>(() => LeaseOf(_first).Acquire())).Message, StringComparison.Ordinal);
        Assert.All(File.ReadAllBytes(path), value => Assert.Equal(0, value));
        Assert.False(LeaseOf(_first).CheckLease());
    }

    [Fact]
    public async Task One_that_is_replaced_is_lost_after_its_files_are_closed()
    {
        var lost = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var lease = LeaseOf(_first);
        Assert.True(await lease.Acquire(lost.SetResult));
        var hold = _first.TryHold(NameIn(0), ActorRefs.Nobody)!;
        var path = Path.Combine(_folder, "leases", "0");
        File.Copy(path, path + ".copy");
        File.Move(path + ".copy", path, overwrite: true);
        await Eventually.IsTrueAsync(() => !lease.CheckLease(), "the lease is held still");
        Assert.Null(_first.TryHold(NameIn(0), ActorRefs.Nobody));
        Assert.False(lost.Task.IsCompleted);
        hold.GiveBack();
        Assert.Contains("replaced", (await lost.Task.WaitAsync(TimeSpan.FromSeconds(10))).Message, StringComparison.Ordinal);
        Assert.True(await lease.Release()); // as its shard does
        Assert.True(await lease.Acquire());
    }

    [Fact]
    public async Task Leases_that_come_and_go_on_other_threads_do_not_end_the_thread_that_checks_them()
    {
        using var thread = new LeaseThread(_folder);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var lease = LeaseOf(_first);
            for (var i = 0; i < 200_000; i++)
            {
                thread.Watch(lease, TimeSpan.FromMilliseconds(1));
                thread.Unwatch(lease);
            }
        })).Append(Task.Run(async () =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                Assert.Equal(i, await thread.Run(() => i)); // the thread looks at what there is to check after each
            }
        })));
    }

    [Fact]
    public async Task The_thread_that_checks_leases_ends_with_its_folder()
    {
        const string Folder = "q7"; // a thread's name has 15 bytes
        var thread = new LeaseThread(Folder);
        Assert.Equal(1, await thread.Run(() => 1));
        Assert.True(IsThere());
        thread.Dispose();
        await Eventually.IsTrueAsync(() => !IsThere(), "the thread is there still");
        await Assert.ThrowsAsync<ObjectDisposedException>(() => thread.Run(() => 1));

        static bool IsThere() => Directory.EnumerateDirectories("/proc/self/task").Any(task => NameOf(task) == $"aio-lease {Folder}");

        static string NameOf(string task)
        {
            try
            {
                return File.ReadAllText(Path.Combine(task, "comm")).TrimEnd();
            }
            catch (IOException)
            {
                return ""; // ended since
            }
        }
    }

    [Fact]
    public void A_file_that_is_closed_while_a_call_keeps_its_descriptor_keeps_its_lock()
    {
        var path = Path.Combine(_folder, "locked");
        var options = new IoFileOptions(FileMode.OpenOrCreate, FileAccess.ReadWrite, DirectIo.Off) { Lock = FileLockMode.Exclusive };
        var file = LinuxFile.Open(path, options);
        var kept = file.Keep();
        file.Dispose();
        Assert.Equal(Errno.EAGAIN, Assert.Throws<AioSystemException>(() => LinuxFile.Open(path, options)).Errno);
        kept.Dispose();
        LinuxFile.Open(path, options).Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Keep());
    }

    private static string NameIn(int shard) =>
        Enumerable.Range(0, 1000).Select(i => $"file-{i}").First(name => DiskShards.NumberOf(name, Shards) == shard);

    private static AioFileLease LeaseOf(SharedDisk disk, int shard = 0) => new(disk, shard, "test", TimeSpan.FromMilliseconds(20));

    private static void Damage(string path, long at)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = at;
        var value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)~value);
    }

    private SharedDisk Open() => SharedDisk.Open(_folder, Shards, singleMachine: true);
}
