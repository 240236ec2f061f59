using AkkaAio.Cluster.Paths;
using AkkaAio.Interop.Tests;

namespace AkkaAio.Demo.Tests;

public sealed class PathStatusSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_kind_of_path_is_told_from_the_others_without_opening_it()
    {
        File.WriteAllBytes(_folder["file"], new byte[1234]);
        Shell.Run("mkfifo", _folder["pipe"]);
        File.CreateSymbolicLink(_folder["link"], "file");

        Assert.Equal((PathKind.File, 1234L), (Of("file").Kind, Of("file").Length));
        Assert.Equal(PathKind.Folder, Of("").Kind);
        Assert.Equal(PathKind.Other, Of("pipe").Kind);
        Assert.Equal(PathKind.Other, Of("/dev/null").Kind);
        Assert.Equal(PathKind.SymbolicLink, Of("link", followLink: false).Kind);
        Assert.Equal(Of("file"), Of("link"));
    }

    [Fact]
    public void Permissions_owner_and_identity_are_those_that_stat_prints()
    {
        File.WriteAllBytes(_folder["file"], []);
        File.SetUnixFileMode(_folder["file"], UnixFileMode.UserRead | UnixFileMode.GroupExecute | UnixFileMode.StickyBit);
        Shell.Run("ln", _folder["file"], _folder["other"]);
        File.WriteAllBytes(_folder["copy"], []);

        var status = Of("file");
        Assert.Equal(
            Shell.Run("stat", "-c", "%a %u %g %i", _folder["file"]),
            $"{Convert.ToString((int)status.Mode, 8)} {status.UserId} {status.GroupId} {status.Inode}");
        Assert.Equal(status, Of("other"));
        Assert.NotEqual(status.Inode, Of("copy").Inode);
    }

    [Theory]
    [InlineData("none", Errno.ENOENT)]
    [InlineData("file/below", Errno.ENOTDIR)]
    [InlineData("loop", Errno.ELOOP)]
    public void A_path_without_a_status_says_why(string name, Errno errno)
    {
        File.WriteAllBytes(_folder["file"], []);
        File.CreateSymbolicLink(_folder["loop"], "loop");

        Assert.Equal(errno, PathStatus.TryGet(_folder[name], followLink: true, out var status));
        Assert.Equal(default, status);
    }

    [Fact]
    public void A_folder_can_be_synced_and_one_that_is_not_there_is_ENOENT()
    {
        FolderSync.Sync(_folder.Path);

        var e = Assert.Throws<AioSystemException>(() => FolderSync.Sync(_folder["none"]));
        Assert.Equal((Errno.ENOENT, _folder["none"]), (e.Errno, e.Path));
    }

    private PathStatus Of(string name, bool followLink = true)
    {
        Assert.Equal(Errno.None, PathStatus.TryGet(Path.Combine(_folder.Path, name), followLink, out var status));
        return status;
    }
}
