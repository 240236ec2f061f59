using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Tests;

/// <summary>File systems and files that refuse direct I/O, each in its own way.</summary>
public sealed class MountedFileSystemTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private bool _isMounted;

    public void Dispose()
    {
        if (_isMounted)
        {
            Shell.Run("umount", _folder["mount"]);
        }

        _folder.Dispose();
    }

    [SkippableFact]
    public void CreateNew_makes_a_buffered_file_where_the_first_open_has_made_it_and_failed()
    {
        var path = MountRamFs();

        using var file = LinuxFile.Open(path, new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite));

        Assert.False(file.IsDirect);
        Assert.Equal(path, file.Path);
        Assert.Equal(Errno.EEXIST, Assert.Throws<AioSystemException>(() =>
            LinuxFile.Open(path, new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite))).Errno);
    }

    [SkippableFact]
    public void CreateNew_that_requires_direct_io_in_vain_leaves_no_file()
    {
        var path = MountRamFs();

        var e = Assert.Throws<AioSystemException>(() =>
            LinuxFile.Open(path, new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, DirectIo.Required)));

        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.False(File.Exists(path));
    }

    [SkippableFact]
    public void Preallocation_makes_the_file_that_long_also_where_fallocate_is_unknown()
    {
        var path = MountRamFs();

        using var file = LinuxFile.Open(
            path, new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, PreallocationSize: 8192));

        Assert.Equal(8192, file.GetLength());
    }

    [SkippableFact]
    public void A_file_that_is_never_direct_whatever_open_says_is_opened_as_buffered()
    {
        // data=journal: open takes O_DIRECT, and then every operation is buffered.
        File.WriteAllBytes(_folder["journalled"], []);
        var whyNot = Shell.WhyNot("chattr", "+j", _folder["journalled"]);
        Skip.If(whyNot is not null, whyNot);

        using var file = LinuxFile.Open(_folder["journalled"], new IoFileOptions());
        Assert.False(file.IsDirect);
        Assert.Equal(Errno.EINVAL, Assert.Throws<AioSystemException>(() =>
            LinuxFile.Open(_folder["journalled"], new IoFileOptions(Direct: DirectIo.Required))).Errno);
    }

    private string MountRamFs()
    {
        Directory.CreateDirectory(_folder["mount"]);
        var whyNot = Shell.WhyNot("mount", "-t", "ramfs", "none", _folder["mount"]);
        Skip.If(whyNot is not null, whyNot);
        _isMounted = true;
        return Path.Combine(_folder["mount"], "file");
    }
}
