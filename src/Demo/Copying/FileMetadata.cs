using AkkaAio.Cluster.Paths;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Files;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Demo.Copying;

/// <summary>
/// Gives a copy what the source has beside its bytes: mode, ACL, extended attributes. And, where it replaces a file, the owner that
/// this one has.
/// </summary>
/// <remarks>
/// Of the attributes below <c>security</c> only <c>security.capability</c> is copied: labels and signatures are the system's to give.
/// </remarks>
internal sealed class FileMetadata(CopyPlan plan, SafeFileHandle copy, string path)
{
    private const UnixFileMode SetId = UnixFileMode.SetUser | UnixFileMode.SetGroup;
    private const string Capability = "security.capability";

    private readonly List<string> _lost = [];

    /// <summary>Does it. Gives what could not be kept, in words; empty when all is.</summary>
    public IReadOnlyList<string> Apply()
    {
        // In this order: a new owner clears set-id bits and capabilities; an ACL changes the mode; a mode may forbid to set attributes.
        KeepOwner();
        var isSameOwner = PathStatus.TryGet(path, followLink: false, out var status) == Errno.None &&
                          (status.UserId, status.GroupId) == (plan.SourceStatus.UserId, plan.SourceStatus.GroupId);
        CopyAttributes(isSameOwner);
        var mode = CopyAcl(plan.SourceStatus.Mode);

        // With another owner or group the copy would run as that one.
        File.SetUnixFileMode(copy, isSameOwner ? mode : mode & ~SetId);
        return _lost;
    }

    private void KeepOwner()
    {
        if (plan.Replaced is not { } replaced || PathStatus.TryGet(path, followLink: false, out var status) != Errno.None ||
            (status.UserId, status.GroupId) == (replaced.UserId, replaced.GroupId))
        {
            return;
        }

        var errno = OwnerChange.Make(copy, replaced.UserId, replaced.GroupId);
        Note($"the owner {replaced.UserId}:{replaced.GroupId} that it had", errno);
    }

    private void CopyAttributes(bool isSameOwner)
    {
        var errno = ExtendedAttributes.TryList(plan.Source, out var names);
        Note("extended attributes", errno);
        foreach (var name in names.Where(IsOurs))
        {
            errno = Capability == name && !isSameOwner ? Errno.EPERM
                : LostNames.MayBe(name) ? Errno.EILSEQ
                : ExtendedAttributes.TryGet(plan.Source, name, out var value) is var failed and not Errno.None ? failed
                : ExtendedAttributes.Set(copy, name, value);
            if (errno != Errno.ENODATA) // removed meanwhile
            {
                Note($"the attribute {name}", errno);
            }
        }
    }

    private static bool IsOurs(string name) =>
        name != ExtendedAttributes.Acl && (name == Capability || !name.StartsWith("security.", StringComparison.Ordinal));

    private UnixFileMode CopyAcl(UnixFileMode mode)
    {
        var errno = ExtendedAttributes.TryGet(plan.Source, ExtendedAttributes.Acl, out var acl);
        if (errno != Errno.None)
        {
            // The folder may have given the copy an ACL of its own (a default ACL): others' rights to what the source keeps from them.
            Note("the ACL", errno is Errno.ENODATA or Errno.EOPNOTSUPP ? Errno.None : errno);
            Note("the lack of an ACL", ExtendedAttributes.Remove(copy, ExtendedAttributes.Acl));
            return mode;
        }

        errno = ExtendedAttributes.Set(copy, ExtendedAttributes.Acl, acl);
        Note("the ACL", errno);
        return errno == Errno.None ? mode : AclBits.ModeWithout(acl, mode);
    }

    private void Note(string what, Errno errno)
    {
        if (errno != Errno.None)
        {
            _lost.Add($"{what} ({errno.Name()})");
        }
    }
}
