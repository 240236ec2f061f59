using System.Globalization;
using System.Text;
using AkkaAio.Cluster.Paths;
using AkkaAio.Interop.Files;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// The extended attribute <c>user.akkaaio.unflushed</c> of a file: the last epoch in which something was acknowledged before it was
/// durable, and whose owner did not get to flush it. It is set, durably, before the first such change of an open, and put back behind the
/// flush of an orderly close. What was acknowledged in that epoch, or before it, may be lost: an owner that ended between the two cannot
/// tell a kill from a power cut.
/// </summary>
internal static class UnflushedMark
{
    private const string Attribute = "user.akkaaio.unflushed";

    /// <summary>0: there is no such epoch.</summary>
    /// <exception cref="AioException">It cannot be read.</exception>
    public static ulong Of(LinuxFile file)
    {
        var errno = ExtendedAttributes.TryGet(file.Handle, Attribute, out var value);
        return errno switch
        {
            Errno.ENODATA => 0,
            Errno.None => ulong.TryParse(Encoding.ASCII.GetString(value), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
                ? epoch
                : throw new AioException($"{file.Path}: the attribute {Attribute} is no number"),
            _ => throw new AioSystemException(errno, "getxattr", file.Path),
        };
    }

    /// <summary>Durably.</summary>
    public static void Set(LinuxFile file, ulong epoch)
    {
        Write(file, epoch);
        file.FullSync();
    }

    /// <summary>Not durably: lost, it says that something may be lost that is not.</summary>
    public static void PutBack(LinuxFile file, ulong epoch) => Write(file, epoch);

    private static void Write(LinuxFile file, ulong epoch)
    {
        var errno = ExtendedAttributes.Set(file.Handle, Attribute, Encoding.ASCII.GetBytes(epoch.ToString(CultureInfo.InvariantCulture)));
        if (errno != Errno.None)
        {
            throw new AioSystemException(errno, "setxattr", file.Path);
        }
    }
}
