using System.Buffers.Binary;
using System.Globalization;
using AkkaAio.Cluster.Logs;
using AkkaAio.Cluster.Paths;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Cluster.Leases;

/// <summary>
/// A lease: a file whose OFD lock is held by the node that has the lease, with a counter of how often it was acquired. The kernel, or the
/// file server, frees the lock when the node's process ends. All of it blocks.
/// </summary>
/// <remarks>
/// The counter is kept twice, in blocks of their own that are written in turn: a write that a power cut tears leaves the other one.
/// <code>
/// 0  magic "LEAS"    4  format 1    8  counter, 8 bytes    16  CRC-32C of the 16 bytes before
/// </code>
/// all little-endian, at 0 and at 4096.
/// </remarks>
internal sealed class LeaseFile : IDisposable
{
    private const uint Magic = 0x5341454C; // "LEAS"
    private const uint Format = 1;
    private const int SlotBytes = 20;
    private const int SlotDistance = 4096; // a sector of any disk: two slots in one could be torn by one write

    private readonly LinuxFile _file;
    private readonly string _path;

    private LeaseFile(LinuxFile file, string path) => (_file, _path) = (file, path);

    /// <summary>The file's name for a shard.</summary>
    public static string NameOf(int shard) => shard.ToString(CultureInfo.InvariantCulture);

    /// <summary>Makes a lease that was never acquired, durably but for its name.</summary>
    public static void Make(Folder folder, string name)
    {
        using var file = LinuxFile.Open(
            name, new IoFileOptions(FileMode.OpenOrCreate, FileAccess.ReadWrite, DirectIo.Off) { Below = folder });
        Write(file, 0);
        file.FullSync();
    }

    /// <summary>Opens and locks a lease.</summary>
    /// <returns>Null: another node has it, or a file of it is not yet closed.</returns>
    /// <exception cref="AioSystemException">ENOENT: there is none, or no more.</exception>
    public static LeaseFile? TryLock(Folder folder, string name, FileMode mode)
    {
        try
        {
            return new LeaseFile(
                LinuxFile.Open(
                    name, new IoFileOptions(mode, FileAccess.ReadWrite, DirectIo.Off) { Below = folder, Lock = FileLockMode.Exclusive }),
                folder.NameOf(name));
        }
        catch (AioSystemException e)
            when (e.Errno is Errno.EAGAIN or Errno.EACCES && e.Operation?.StartsWith("fcntl", StringComparison.Ordinal) == true)
        {
            return null;
        }
    }

    /// <summary>One more acquisition, on stable storage when this returns.</summary>
    /// <exception cref="AioClusterException">The file is damaged, or was acquired 2^32 times.</exception>
    public uint RaiseEpoch()
    {
        var last = ReadSlot(0);
        if (ReadSlot(1) is { } second && (last is null || second > last))
        {
            last = second;
        }

        if (last is null)
        {
            throw new AioClusterException(
                $"the lease {_path} is damaged: it has no counter. Restore it from a backup: the counter must not go back");
        }

        var next = checked((uint)(last.Value + 1));
        Write(_file, next);
        _file.FullSync();
        return next;
    }

    /// <summary>Why the lock cannot be relied on any more; null: it is held.</summary>
    public string? WhyLost()
    {
        try
        {
            _ = _file.Read(stackalloc byte[1], 0); // EIO where an NFS server has given the lock to another
        }
        catch (AioSystemException e)
        {
            return $"the lease {_path} cannot be read: {e.Message}";
        }

        var errno = PathStatus.TryGet(_path, followLink: false, out var status);
        return errno != Errno.None ? $"the lease {_path} is gone: {errno.Name()}"
            : (status.Device, status.Inode) != (_file.Identity.Device, _file.Identity.Inode)
                ? $"the lease {_path} was replaced by another file"
            : null;
    }

    public void Dispose() => _file.Dispose();

    private static void Write(LinuxFile file, ulong counter)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(slot, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], Format);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[8..], counter);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[16..], Crc32C.Of(slot[..16]));
        var at = (long)(counter % 2) * SlotDistance;
        if (file.Write(slot, at, dataSync: false) is var written && written != SlotBytes)
        {
            throw new AioException($"{file.Path}: {written} of {SlotBytes} bytes were written");
        }
    }

    private ulong? ReadSlot(int number)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        return _file.Read(slot, (long)number * SlotDistance) == SlotBytes &&
               BinaryPrimitives.ReadUInt32LittleEndian(slot) == Magic && BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]) == Format &&
               BinaryPrimitives.ReadUInt32LittleEndian(slot[16..]) == Crc32C.Of(slot[..16])
            ? BinaryPrimitives.ReadUInt64LittleEndian(slot[8..])
            : null;
    }
}
