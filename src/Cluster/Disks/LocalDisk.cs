using Akka.Actor;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Cluster.Disks;

/// <summary><c>storage = local</c>: a folder in use by this process alone.</summary>
internal sealed class LocalDisk : Disk
{
    private uint _opens;

    private LocalDisk(Folder folder, DiskCookie cookie, LinuxFile @lock)
        : base(folder, new DiskRole(cookie.Id, 0), @lock) => Epoch = cookie.Epoch;

    /// <summary>Of this start: higher than that of every start before, and on stable storage.</summary>
    public override uint Epoch { get; }

    /// <summary>Takes a folder into use: locks it, makes it a disk if it is empty, and raises its epoch durably.</summary>
    /// <exception cref="AioClusterException">It is in use, is no disk, or cannot be one; says what to do.</exception>
    public static LocalDisk Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        LinuxFile? held = null;
        try
        {
            using var folder = Folder.Open(full);
            held = DiskFolder.TryLock(folder, FileLockMode.Exclusive) ?? throw new AioClusterException(
                $"the folder {full} is in use by another node: one process may have it. Stop that one, " +
                "or give this one a folder of its own");
            var cookie = CookieOf(folder);
            cookie = cookie with { Epoch = checked(cookie.Epoch + 1) };
            Directory.CreateDirectory(System.IO.Path.Combine(full, FilesName));
            Directory.CreateDirectory(System.IO.Path.Combine(full, TempName));
            DiskFolder.WriteCookie(folder, cookie.ToBytes());
            DiskFolder.CheckAttributes(folder);
            var disk = new LocalDisk(folder, cookie, held);
            disk.EmptyTemp();
            return disk;
        }
        catch (Exception e)
        {
            held?.Dispose();
            throw e as AioClusterException ?? new AioClusterException($"the folder {full} cannot be used as a disk: {e.Message}", e);
        }
    }

    /// <summary>Always: the folder's lock is the fence. The epoch rises with each open, over all starts.</summary>
    public override FileHold TryHold(string name, IActorRef owner) =>
        new(((ulong)Epoch << 32) | Interlocked.Increment(ref _opens), owner, null);

    private static DiskCookie CookieOf(Folder folder)
    {
        if (DiskFolder.ReadCookie(folder) is { } bytes)
        {
            return DiskCookie.Parse(bytes, DiskFolder.PathOfCookie(folder));
        }

        DiskFolder.CheckEmpty(folder, FilesName, TempName);
        return DiskCookie.New();
    }
}
