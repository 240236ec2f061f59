using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Tests;

/// <summary>A lock is held from the open to the close, and an open that does not get it changes nothing.</summary>
public sealed class FileLockTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Path => _folder["file"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(FileLockMode.Exclusive, FileLockMode.Exclusive, false)]
    [InlineData(FileLockMode.Exclusive, FileLockMode.Shared, false)]
    [InlineData(FileLockMode.Shared, FileLockMode.Exclusive, false)]
    [InlineData(FileLockMode.Shared, FileLockMode.Shared, true)]
    [InlineData(FileLockMode.Exclusive, FileLockMode.None, true)]
    public void Two_opens(FileLockMode first, FileLockMode second, bool go)
    {
        File.WriteAllText(Path, "content");
        using (Open(first, FileMode.Open))
        {
            if (go)
            {
                Open(second, FileMode.Open).Dispose();
                return;
            }

            var e = Assert.Throws<AioSystemException>(() => Open(second, FileMode.Create));
            Assert.Equal(Errno.EAGAIN, e.Errno);
            Assert.Contains("another open", e.Message, StringComparison.Ordinal);
            Assert.Equal("content", File.ReadAllText(Path));
        }

        Open(second, FileMode.Open).Dispose(); // given back by the close
    }

    [Fact]
    public void Another_process_is_kept_out_while_it_is_open_and_gets_it_after()
    {
        File.WriteAllText(Path, "");
        const string Python = "import fcntl,struct,sys;f=open(sys.argv[1],'r+');fcntl.fcntl(f,37,struct.pack('hhqqi4x',1,0,0,0,0))";
        using (Open(FileLockMode.Exclusive, FileMode.Open))
        {
            var refused = Assert.ThrowsAny<Exception>(() => Shell.Run("python3", "-c", Python, Path));
            Assert.Contains("BlockingIOError", refused.Message, StringComparison.Ordinal);
        }

        Shell.Run("python3", "-c", Python, Path);
    }

    [Theory]
    [InlineData(FileLockMode.Exclusive, FileAccess.Read)]
    [InlineData(FileLockMode.Shared, FileAccess.Write)]
    [InlineData((FileLockMode)7, FileAccess.ReadWrite)]
    public void A_lock_that_cannot_be_is_refused(FileLockMode mode, FileAccess access)
    {
        File.WriteAllText(Path, "");
        Assert.Throws<AioArgumentException>(() => LinuxFile.Open(Path, new IoFileOptions(FileMode.Open, access) { Lock = mode }));
    }

    [Theory]
    [InlineData(FileShare.None, FileShare.None, false)]
    [InlineData(FileShare.None, FileShare.ReadWrite, false)]
    [InlineData(FileShare.Read, FileShare.None, false)]
    [InlineData(FileShare.Read, FileShare.ReadWrite, true)]
    [InlineData(FileShare.None, null, true)]
    [InlineData(null, FileShare.None, true)]
    public void Two_opens_that_share(FileShare? first, FileShare? second, bool go)
    {
        File.WriteAllText(Path, "content");
        using (Open(first, FileMode.Open))
        {
            if (go)
            {
                Open(second, FileMode.Open).Dispose();
                return;
            }

            var e = Assert.Throws<AioSystemException>(() => Open(second, FileMode.Create));
            Assert.Equal(Errno.EAGAIN, e.Errno);
            Assert.Contains($"FileShare.{second}", e.Message, StringComparison.Ordinal);
            Assert.IsType<IOException>(e.ToBcl());
        }

        Assert.Equal("content", File.ReadAllText(Path));
        Open(second, FileMode.Open).Dispose();
    }

    [Fact]
    public void A_FileStream_and_an_open_that_shares_keep_each_other_out()
    {
        using (new FileStream(Path, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Throws<AioSystemException>(() => Open(FileShare.ReadWrite, FileMode.Open));
            Open((FileShare?)null, FileMode.Open).Dispose(); // asks for nothing
        }

        using (Open(FileShare.None, FileMode.Open))
        {
            Assert.Throws<IOException>(() => File.OpenRead(Path));
        }

        using (Open(FileShare.Read, FileMode.Open))
        {
            File.OpenRead(Path).Dispose();
        }
    }

    [Fact]
    public void A_FileShare_that_does_not_exist_is_refused() =>
        Assert.Throws<AioArgumentException>(() => Open((FileShare)8, FileMode.Create));

    private LinuxFile Open(FileShare? share, FileMode fileMode) =>
        LinuxFile.Open(Path, new IoFileOptions(fileMode, FileAccess.ReadWrite) { Share = share });

    private LinuxFile Open(FileLockMode mode, FileMode fileMode) =>
        LinuxFile.Open(Path, new IoFileOptions(fileMode, FileAccess.ReadWrite) { Lock = mode });
}
