using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Interop.Tests;

/// <summary>Names below an open folder: nothing outside it is reached, by openat2 and segment by segment alike.</summary>
public abstract class FolderTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly Folder _folder;

    protected FolderTests(bool walks)
    {
        Directory.CreateDirectory(_temp["disk/sub"]);
        File.WriteAllText(_temp["outside"], "secret");
        _folder = Folder.Open(_temp["disk"]);
        _folder.WalksSegments = walks;
    }

    private IoFileOptions Below => new(FileMode.OpenOrCreate, FileAccess.ReadWrite, DirectIo.Off) { Below = _folder };

    public void Dispose()
    {
        _folder.Dispose();
        _temp.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("sub/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("link")]
    [InlineData("up/outside")]
    [InlineData("magic")]
    public void A_name_that_leads_out_is_refused(string name)
    {
        File.CreateSymbolicLink(_temp["disk/link"], _temp["outside"]);
        File.CreateSymbolicLink(_temp["disk/up"], "..");
        File.CreateSymbolicLink(_temp["disk/magic"], "/proc/self/fd/0");
        var e = Assert.Throws<AioSystemException>(() => LinuxFile.Open(name, Below));
        Assert.Contains(e.Errno, new[] { Errno.EXDEV, Errno.ELOOP, Errno.ENOTDIR });
        Assert.Equal("secret", File.ReadAllText(_temp["outside"]));
    }

    [Fact]
    public void A_link_within_the_folder_is_refused_too()
    {
        File.WriteAllText(_temp["disk/file"], "x");
        File.CreateSymbolicLink(_temp["disk/alias"], "file");
        Assert.Equal(Errno.ELOOP, Assert.Throws<AioSystemException>(() => LinuxFile.Open("alias", Below)).Errno);
    }

    [Fact]
    public void A_link_that_leads_nowhere_makes_no_file()
    {
        File.CreateSymbolicLink(_temp["disk/dangling"], _temp["made"]);
        Assert.Throws<AioSystemException>(() => LinuxFile.Open("dangling", Below));
        Assert.False(File.Exists(_temp["made"]));
    }

    [Fact]
    public void A_file_with_two_names_is_refused()
    {
        File.WriteAllText(_temp["disk/one"], "x");
        Shell.Run("ln", _temp["disk/one"], _temp["disk/two"]);
        var refused = Assert.Throws<AioArgumentException>(() => LinuxFile.Open("two", Below));
        Assert.Contains("2 names", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_and_a_folder_are_refused()
    {
        Shell.Run("mkfifo", _temp["disk/pipe"]);
        Assert.Throws<AioArgumentException>(() => LinuxFile.Open("pipe", Below));
        Assert.Equal(Errno.EISDIR, Assert.Throws<AioSystemException>(() => LinuxFile.Open("sub", Below)).Errno);
    }

    [Fact]
    public void Files_and_folders_are_made_renamed_listed_and_deleted()
    {
        _folder.MakeFolders("a/b/file");
        using (var file = LinuxFile.Open("a/b/file", Below))
        {
            Assert.Equal(3, file.Write("abc"u8, 0, dataSync: false));
            Assert.Equal(_temp["disk/a/b/file"], file.Path);
        }

        _folder.Rename("a/b/file", "sub/moved");
        Assert.Equal("abc", File.ReadAllText(_temp["disk/sub/moved"]));
        Assert.Equal(["a", "sub"], Directory.EnumerateFileSystemEntries(_temp["disk"]).Select(Path.GetFileName).Order());

        _folder.Delete("sub/moved");
        Assert.Equal(Errno.ENOENT, Assert.Throws<AioSystemException>(() => _folder.Delete("sub/moved")).Errno);
    }

    [Fact]
    public void A_rename_that_may_not_replace_does_not()
    {
        File.WriteAllText(_temp["disk/one"], "1");
        File.WriteAllText(_temp["disk/two"], "2");
        Assert.Equal(Errno.EEXIST, Assert.Throws<AioSystemException>(() => _folder.Rename("one", "two", replace: false)).Errno);
        Assert.Equal("2", File.ReadAllText(_temp["disk/two"]));
        _folder.Rename("one", "two");
        Assert.Equal("1", File.ReadAllText(_temp["disk/two"]));
    }

    [Fact]
    public void The_folder_is_the_one_that_was_opened_whatever_has_its_path_now()
    {
        Directory.Move(_temp["disk"], _temp["elsewhere"]);
        Directory.CreateDirectory(_temp["disk"]);
        LinuxFile.Open("file", Below).Dispose();
        Assert.True(File.Exists(_temp["elsewhere/file"]));
        Assert.False(File.Exists(_temp["disk/file"]));
    }

    [Fact]
    public void Another_file_system_below_is_not_entered()
    {
        using var root = Folder.Open("/");
        root.WalksSegments = _folder.WalksSegments;
        Assert.Null(root.TryOpen("proc/version", FileSyscalls.ORdOnly, out var errno));
        Assert.Equal(Errno.EXDEV, errno);
    }
}

public sealed class FolderByOpenAt2Tests() : FolderTests(walks: false);

public sealed class FolderBySegmentsTests() : FolderTests(walks: true);
