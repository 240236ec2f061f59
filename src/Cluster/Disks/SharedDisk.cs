using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using AkkaAio.Cluster.Leases;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// <c>storage = shared</c>: a folder that several nodes have, each with a shared lock on it. Its files are spread over shards; a node may
/// open a shard's files while it has the shard's lease.
/// </summary>
internal sealed class SharedDisk : Disk
{
    private const string LeasesName = "leases";

    // A node that makes the folder has it alone for as long as it takes to make the leases. The lock is tried again: a lock that is waited
    // for without a time-out would hang the start behind a node of storage local.
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, AioFileLease> _held = [];
    private uint _opensWithoutLease;

    private SharedDisk(Folder folder, SharedCookie cookie, LinuxFile @lock)
        : base(folder, new DiskRole(cookie.Id, cookie.Shards), @lock)
    {
        Leases = folder.OpenFolder(LeasesName);
        Worker = new LeaseThread(folder.Path);
    }

    /// <summary>Where the leases are.</summary>
    public Folder Leases { get; }

    /// <summary>Does what blocks on the leases.</summary>
    public LeaseThread Worker { get; }

    /// <summary>
    /// For tests alone, which show what happens without: files are opened by a node that has no lease, and without a lock.
    /// </summary>
    public bool IsUnfenced { get; set; }

    public override FileLockMode FileLock => IsUnfenced ? FileLockMode.None : FileLockMode.Exclusive;

    /// <summary>Takes a folder into use, and makes it a shared one if it is empty.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="shards">How many shards this node is configured for.</param>
    /// <param name="singleMachine">All nodes run on one machine.</param>
    /// <exception cref="AioClusterException">It cannot be used; says why, and what to do.</exception>
    public static SharedDisk Open(string path, int shards, bool singleMachine)
    {
        var full = System.IO.Path.GetFullPath(path);
        LinuxFile? held = null;
        try
        {
            using var folder = Folder.Open(full);
            if (SharedFileSystem.WhyNot(folder, singleMachine) is { } why)
            {
                throw new AioClusterException(why);
            }

            held = LockOrMake(folder, shards);
            var cookie = SharedCookie.Parse(DiskFolder.ReadCookie(folder), DiskFolder.PathOfCookie(folder));
            if (cookie.Shards != shards)
            {
                throw new AioClusterException(
                    $"the files in {full} are spread over {cookie.Shards} shards, and {AioClusterSettings.Path}.shards = {shards}: " +
                    $"files would have two owners. Set it to {cookie.Shards}; it cannot be changed once the folder is in use");
            }

            var disk = new SharedDisk(folder, cookie, held);
            disk.EmptyTemp();
            return disk;
        }
        catch (Exception e)
        {
            held?.Dispose();
            throw e as AioClusterException ?? new AioClusterException($"the folder {full} cannot be used as a shared one: {e.Message}", e);
        }
    }

    public override FileHold? TryHold(string name, IActorRef owner) =>
        IsUnfenced ? new FileHold(Interlocked.Increment(ref _opensWithoutLease), owner, null)
        : _held.TryGetValue(LeaseFile.NameOf(DiskShards.NumberOf(name, Role.Shards)), out var lease) ? lease.TryHold(owner)
        : null;

    /// <summary>A lease has been acquired.</summary>
    public void Add(string name, AioFileLease lease) => _held[name] = lease;

    /// <summary>It is held no more.</summary>
    public void Remove(string name) => _held.TryRemove(name, out _);

    public override void Dispose()
    {
        Worker.Dispose();
        foreach (var lease in _held.Values)
        {
            lease.UnlockUnlessHeld();
        }

        Leases.Dispose();
        base.Dispose();
    }

    // The folder's lock, shared. A folder without a cookie is made first, by the one node that has the lock for itself.
    private static LinuxFile LockOrMake(Folder folder, int shards)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < MostWait; Thread.Sleep(Wait))
        {
            var shared = DiskFolder.TryLock(folder, FileLockMode.Shared);
            if (shared is not null && DiskFolder.ReadCookie(folder) is not null)
            {
                return shared;
            }

            shared?.Dispose();
            using var alone = DiskFolder.TryLock(folder, FileLockMode.Exclusive);
            if (alone is not null && DiskFolder.ReadCookie(folder) is null)
            {
                Make(folder, shards);
            }
        }

        throw new AioClusterException(
            $"the folder {folder.Path} is in use by another node in a way that does not go with storage = shared: " +
            "that node may have storage = local. Stop it, or give another folder");
    }

    private static void Make(Folder folder, int shards)
    {
        DiskFolder.CheckEmpty(folder, FilesName, TempName, LeasesName);
        foreach (var name in new[] { FilesName, TempName, LeasesName })
        {
            Directory.CreateDirectory(System.IO.Path.Combine(folder.Path, name));
        }

        DiskFolder.CheckAttributes(folder);
        using (var leases = folder.OpenFolder(LeasesName))
        {
            for (var shard = 0; shard < shards; shard++)
            {
                LeaseFile.Make(leases, LeaseFile.NameOf(shard));
            }

            leases.Sync();
        }

        DiskFolder.WriteCookie(folder, SharedCookie.New(shards).ToBytes()); // last: from here on it is a shared folder
    }
}
