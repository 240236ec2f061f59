using AkkaAio.Interop.Engines;

namespace AkkaAio.Interop.Tests;

/// <summary>Modes and access, on every engine: a test on the in-memory engine must not pass where a real file would refuse.</summary>
public abstract class FileModeTests(EngineRig rig) : IDisposable
{
    private static byte[] Old => [1, 2, 3];

    public void Dispose()
    {
        rig.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(FileMode.Open, 3)]
    [InlineData(FileMode.OpenOrCreate, 3)]
    [InlineData(FileMode.Append, 3)]
    [InlineData(FileMode.Create, 0)]
    [InlineData(FileMode.Truncate, 0)]
    public void A_file_that_exists_is_kept_or_emptied(FileMode mode, long length)
    {
        rig.File(Old);
        using var file = rig.Engine.Open(rig.PathOf("file"), new IoFileOptions(mode, FileAccess.ReadWrite));

        Assert.Equal(length, file.GetLength());
        Assert.Equal(FileAccess.ReadWrite, file.Access);
        Assert.False(file.IsBlockDevice);
    }

    [Theory]
    [InlineData(FileMode.OpenOrCreate)]
    [InlineData(FileMode.Append)]
    [InlineData(FileMode.Create)]
    [InlineData(FileMode.CreateNew)]
    public void A_file_that_does_not_exist_is_made(FileMode mode)
    {
        using var file = rig.Engine.Open(rig.PathOf("new"), new IoFileOptions(mode, FileAccess.Write));

        Assert.Equal(0, file.GetLength());
        Assert.Empty(rig.Content("new"));
    }

    [Theory]
    [InlineData(FileMode.Open)]
    [InlineData(FileMode.Truncate)]
    public void A_file_that_does_not_exist_is_ENOENT(FileMode mode) =>
        Assert.Equal(Errno.ENOENT, Refused<AioSystemException>("none", new IoFileOptions(mode, FileAccess.Write)).Errno);

    [Fact]
    public void CreateNew_on_a_file_that_exists_is_EEXIST_and_leaves_it_alone()
    {
        rig.File(Old);

        Assert.Equal(
            Errno.EEXIST, Refused<AioSystemException>("file", new IoFileOptions(FileMode.CreateNew, FileAccess.Write)).Errno);
        Assert.Equal(Old, rig.Content());
    }

    [Theory]
    [InlineData(FileMode.Create)]
    [InlineData(FileMode.CreateNew)]
    [InlineData(FileMode.Truncate)]
    [InlineData(FileMode.Append)]
    public void A_mode_that_writes_needs_write_access_and_harms_nothing_without(FileMode mode)
    {
        rig.File(Old);

        Assert.Contains(
            mode.ToString(), Refused<AioArgumentException>("file", new IoFileOptions(mode)).Message, StringComparison.Ordinal);
        Assert.Equal(Old, rig.Content());
    }

    [Theory]
    [InlineData((FileMode)99, FileAccess.Write)]
    [InlineData(FileMode.OpenOrCreate, (FileAccess)0)]
    [InlineData(FileMode.OpenOrCreate, (FileAccess)8)]
    public void What_is_not_offered_is_refused_and_makes_no_file(FileMode mode, FileAccess access)
    {
        Refused<AioArgumentException>("none", new IoFileOptions(mode, access));
        Assert.Equal(Errno.ENOENT, Refused<AioSystemException>("none", new IoFileOptions()).Errno);
    }

    [Fact]
    public void Preallocation_makes_the_file_that_long_and_a_shorter_one_does_not_cut_it()
    {
        var options = new IoFileOptions(FileMode.OpenOrCreate, FileAccess.ReadWrite, PreallocationSize: 100_000);
        using (var file = rig.Engine.Open(rig.PathOf("long"), options))
        {
            Assert.Equal(100_000, file.GetLength());
        }

        using (var file = rig.Engine.Open(rig.PathOf("long"), options with { PreallocationSize = 10 }))
        {
            Assert.Equal(100_000, file.GetLength());
        }

        Assert.Equal(new byte[100_000], rig.Content("long"));
    }

    [Theory]
    [InlineData(-1, FileAccess.ReadWrite)]
    [InlineData(long.MinValue, FileAccess.Write)]
    [InlineData(1, FileAccess.Read)]
    public void Preallocation_that_makes_no_sense_is_refused_with_its_value_and_makes_no_file(long size, FileAccess access)
    {
        var options = new IoFileOptions(FileMode.OpenOrCreate, access, PreallocationSize: size);
        Assert.Contains($"PreallocationSize", Refused<AioArgumentException>("none", options).Message, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOENT, Refused<AioSystemException>("none", new IoFileOptions()).Errno);
    }

    [Theory]
    [InlineData(FileMode.Create)]
    [InlineData(FileMode.Truncate)]
    [InlineData(FileMode.OpenOrCreate)]
    public void A_preallocation_that_fails_leaves_the_content_that_was_there(FileMode mode)
    {
        rig.File(Old);
        Refused<AioSystemException>("file", new IoFileOptions(mode, FileAccess.ReadWrite, PreallocationSize: 1L << 60));
        Assert.Equal(Old, rig.Content());
    }

    [Fact]
    public void CreateNew_whose_preallocation_fails_leaves_no_file()
    {
        var options = new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, PreallocationSize: 1L << 60);

        Assert.Contains(Refused<AioSystemException>("none", options).Errno, new[] { Errno.EFBIG, Errno.ENOSPC });
        Assert.Equal(Errno.ENOENT, Refused<AioSystemException>("none", new IoFileOptions()).Errno);
    }

    private T Refused<T>(string name, IoFileOptions options)
        where T : AioException
    {
        var e = Assert.Throws<T>(() => rig.Engine.Open(rig.PathOf(name), options));
        Assert.Equal(rig.PathOf(name), e.Path);
        Assert.Contains(rig.PathOf(name), e.Message, StringComparison.Ordinal);
        return e;
    }
}

public sealed class LinuxAioFileModeTests() : FileModeTests(new LinuxAioRig());

public sealed class MemoryFileModeTests() : FileModeTests(new MemoryRig());
