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

    [SkippableTheory]
    [InlineData("ramfs", FileMode.Create)]
    [InlineData("ramfs", FileMode.Truncate)]
    [InlineData("data=journal", FileMode.Create)]
    [InlineData("data=journal", FileMode.Truncate)]
    [InlineData("inline_data", FileMode.Create)]
    [InlineData("inline_data", FileMode.Truncate)]
    public void An_open_that_requires_direct_io_in_vain_keeps_what_is_in_the_file(string where, FileMode mode)
    {
        var path = MountWithoutDirectIo(where);
        File.WriteAllBytes(path, [1, 2, 3, 4, 5]);

        var e = Assert.Throws<AioSystemException>(() =>
            LinuxFile.Open(path, new IoFileOptions(mode, FileAccess.ReadWrite, DirectIo.Required)));

        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.Equal([1, 2, 3, 4, 5], File.ReadAllBytes(path));
    }

    [SkippableTheory]
    [InlineData("ramfs", FileMode.Create)]
    [InlineData("ramfs", FileMode.OpenOrCreate)]
    [InlineData("ramfs", FileMode.Append)]
    [InlineData("data=journal", FileMode.Create)]
    [InlineData("data=journal", FileMode.OpenOrCreate)]
    public void An_open_that_requires_direct_io_in_vain_makes_no_file(string where, FileMode mode)
    {
        var path = MountWithoutDirectIo(where);

        var e = Assert.Throws<AioSystemException>(() =>
            LinuxFile.Open(path, new IoFileOptions(mode, FileAccess.ReadWrite, DirectIo.Required)));

        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.False(File.Exists(path));
    }

    [SkippableTheory]
    [InlineData(FileMode.Create)]
    [InlineData(FileMode.Truncate)]
    [InlineData(FileMode.OpenOrCreate)]
    public void A_preallocation_that_there_is_no_room_for_keeps_what_is_in_the_file(FileMode mode)
    {
        var path = MountExt4([], "loop");
        File.WriteAllBytes(path, [1, 2, 3, 4, 5]);
        var free = new DriveInfo(_folder["mount"]).AvailableFreeSpace;

        var e = Assert.Throws<AioSystemException>(() =>
            LinuxFile.Open(path, new IoFileOptions(mode, FileAccess.ReadWrite, PreallocationSize: 1 << 30)));

        Assert.Equal(Errno.ENOSPC, e.Errno);
        Assert.Equal([1, 2, 3, 4, 5], File.ReadAllBytes(path));
        Assert.InRange(new DriveInfo(_folder["mount"]).AvailableFreeSpace, free - (64 << 10), long.MaxValue);
    }

    private string MountWithoutDirectIo(string where) => where switch
    {
        "data=journal" => MountExt4([], "loop,data=journal"),
        "inline_data" => MountExt4(["-I", "256", "-O", "inline_data"], "loop"),
        _ => MountRamFs(),
    };

    private string MountExt4(string[] features, string options)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root may mount");
        using (var image = File.Create(_folder["image"]))
        {
            image.SetLength(32 << 20);
        }

        var whyNot = Shell.WhyNot("mkfs.ext4", ["-q", "-F", .. features, _folder["image"]]);
        Skip.If(whyNot is not null, whyNot);
        Directory.CreateDirectory(_folder["mount"]);
        whyNot = Shell.WhyNot("mount", "-o", options, _folder["image"], _folder["mount"]);
        Skip.If(whyNot is not null, whyNot);
        _isMounted = true;
        return Path.Combine(_folder["mount"], "file");
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
