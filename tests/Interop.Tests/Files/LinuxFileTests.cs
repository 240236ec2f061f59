using System.Globalization;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Tests;

/// <summary>An open regular file: its flags, alignment, and blocking calls.</summary>
public sealed class LinuxFileTests : IDisposable
{
    private static IoFileOptions Buffered { get; } = new(FileMode.OpenOrCreate, FileAccess.ReadWrite, DirectIo.Off);
    private static IoFileOptions Direct { get; } = Buffered with { Direct = DirectIo.Required };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(FileAccess.Read, 0)]
    [InlineData(FileAccess.Write, 1)]
    [InlineData(FileAccess.ReadWrite, 2)]
    public void The_descriptor_has_the_access_asked_for(FileAccess access, int mode)
    {
        File.WriteAllBytes(_folder["file"], []);
        using var file = LinuxFile.Open(_folder["file"], new IoFileOptions(Access: access));

        Assert.Equal(access, file.Access);
        Assert.Equal(mode, FlagsOf(file) & 3);
    }

    [Fact]
    public void A_file_that_is_made_has_the_permissions_asked_for_and_one_that_is_there_keeps_its_own()
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        LinuxFile.Open(_folder["new"], Buffered with { UnixCreateMode = Private }).Dispose();
        Assert.Equal("600", Shell.Run("stat", "-c", "%a", _folder["new"]).Trim());
        LinuxFile.Open(_folder["new"], Buffered with { UnixCreateMode = Private | UnixFileMode.OtherRead }).Dispose();
        Assert.Equal("600", Shell.Run("stat", "-c", "%a", _folder["new"]).Trim());
        var refused = Assert.Throws<AioArgumentException>(
            () => LinuxFile.Open(_folder["new"], Buffered with { Mode = FileMode.Open, UnixCreateMode = Private }));
        Assert.Contains("FileMode.Open", refused.Message, StringComparison.Ordinal);
        Assert.Throws<AioArgumentException>(() => LinuxFile.Open(_folder["x"], Buffered with { UnixCreateMode = (UnixFileMode)0x1000 }));
    }

    [Theory]
    [InlineData(DirectIo.Required, true)]
    [InlineData(DirectIo.Auto, true)]
    [InlineData(DirectIo.Off, false)]
    public void The_descriptor_closes_on_exec_blocks_and_is_direct_as_asked(DirectIo direct, bool isDirect)
    {
        using var file = LinuxFile.Open(_folder["file"], Buffered with { Direct = direct });

        Assert.Equal(isDirect, file.IsDirect);
        Assert.Equal(isDirect ? SyscallTable.Current.ODirect : 0, FlagsOf(file) & SyscallTable.Current.ODirect);
        Assert.Equal(FileSyscalls.OCloExec, FlagsOf(file) & FileSyscalls.OCloExec);
        Assert.Equal(0, FlagsOf(file) & FileSyscalls.ONonBlock);
    }

    [Fact]
    public void The_alignment_of_a_direct_file_is_enough_and_not_more_than_a_page()
    {
        using var file = LinuxFile.Open(_folder["file"], Direct);
        file.Allocate(0, 2 * AioBuffer.Alignment);
        Assert.Contains(file.OffsetAlignment, new[] { 1, 512, 1024, 2048, 4096 });
        Assert.InRange(file.MemoryAlignment, 1, AioBuffer.Alignment);

        using var rig = new LinuxAioRig();
        var buffer = rig.Buffer(2 * AioBuffer.Alignment);
        var read = new IoRequest(
            0, IoOpcode.Read, file.Descriptor, buffer.Address + file.MemoryAlignment, file.OffsetAlignment, file.OffsetAlignment);
        Assert.Equal(file.OffsetAlignment, rig.Context(1).Perform(read));
    }

    [Fact]
    public void A_buffered_file_asks_for_no_alignment()
    {
        using var file = LinuxFile.Open(_folder["file"], Buffered);
        Assert.Equal((1, 1), (file.OffsetAlignment, file.MemoryAlignment));
    }

    [Fact]
    public void The_blocking_calls_do_what_they_say()
    {
        using var file = LinuxFile.Open(_folder["file"], Buffered);

        Assert.Equal(3, file.Write([1, 2, 3], 2, dataSync: true));
        Assert.Equal(5, file.GetLength());
        var bytes = new byte[10];
        Assert.Equal(4, file.Read(bytes, 1));
        Assert.Equal([0, 1, 2, 3, 0, 0, 0, 0, 0, 0], bytes);
        Assert.Equal(0, file.Read(bytes, 5));
        Assert.Equal(0, file.Read([], 0));

        file.SetLength(3);
        file.SetLength(6);
        Assert.Equal([0, 0, 1, 0, 0, 0], File.ReadAllBytes(_folder["file"]));

        file.Allocate(4, 100);
        Assert.Equal(104, file.GetLength());
        file.DataSync();
    }

    [Fact]
    public void The_errors_of_the_blocking_calls_say_everything()
    {
        File.WriteAllBytes(_folder["file"], [1]);
        using var readOnly = LinuxFile.Open(_folder["file"], new IoFileOptions(Direct: DirectIo.Off));
        using var writeOnly = LinuxFile.Open(_folder["file"], new IoFileOptions(Access: FileAccess.Write, Direct: DirectIo.Off));

        Failed(Errno.EBADF, "write", 7, 2, () => readOnly.Write([1, 2], 7, dataSync: false));
        Failed(Errno.EBADF, "read", 8, 3, () => writeOnly.Read(new byte[3], 8));
        Failed(Errno.EBADF, "fallocate", 9, 4, () => readOnly.Allocate(9, 4));
        Failed(Errno.EINVAL, "ftruncate", null, 5, () => readOnly.SetLength(5));
        Failed(Errno.EINVAL, "ftruncate", null, -1, () => writeOnly.SetLength(-1));
        Failed(Errno.EFBIG, "ftruncate", null, long.MaxValue, () => writeOnly.SetLength(long.MaxValue));
        Failed(Errno.EINVAL, "fallocate", 0, 0, () => writeOnly.Allocate(0, 0));
        Failed(Errno.EINVAL, "read", -1, 1, () => readOnly.Read(new byte[1], -1));
        Assert.Equal([1], File.ReadAllBytes(_folder["file"]));
    }

    [Fact]
    public void A_closed_file_is_never_mistaken_for_the_one_that_has_its_descriptor_now()
    {
        var closed = LinuxFile.Open(_folder["closed"], Buffered);
        closed.Dispose();
        closed.Dispose();
        File.WriteAllBytes(_folder["open"], [1, 2, 3]);
        using var open = LinuxFile.Open(_folder["open"], Buffered);

        Assert.Throws<ObjectDisposedException>(() => closed.Write([9], 0, dataSync: false));
        Assert.Throws<ObjectDisposedException>(() => closed.SetLength(0));
        Assert.Throws<ObjectDisposedException>(() => closed.Allocate(0, 100));
        Assert.Throws<ObjectDisposedException>(() => closed.Read(new byte[1], 0));
        Assert.Throws<ObjectDisposedException>(() => closed.GetLength());
        Assert.Throws<ObjectDisposedException>(closed.DataSync);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(_folder["open"]));
    }

    [Fact]
    public void A_symbolic_link_is_the_file_that_it_leads_to()
    {
        File.WriteAllBytes(_folder["target"], []);
        File.CreateSymbolicLink(_folder["link"], "target");
        File.CreateSymbolicLink(_folder["again"], _folder["link"]);
        using var direct = LinuxFile.Open(_folder["target"], Buffered);
        using var linked = LinuxFile.Open(_folder["again"], Buffered);
        using var relative = LinuxFile.Open(Path.GetRelativePath(Environment.CurrentDirectory, _folder["link"]), Buffered);

        Assert.Equal(_folder["target"], direct.Path);
        Assert.Equal(_folder["target"], linked.Path);
        Assert.Equal(_folder["target"], relative.Path);
    }

    [Fact]
    public void A_name_may_have_any_character_that_linux_allows()
    {
        var name = _folder["über 日本 \\ \n *?"];
        using (var file = LinuxFile.Open(name, Buffered))
        {
            Assert.Equal(name, file.Path);
        }

        Assert.True(File.Exists(name));
    }

    private void Failed(Errno errno, string operation, long? offset, long length, Action call)
    {
        var e = Assert.Throws<AioSystemException>(call);
        Assert.Equal((errno, operation, offset, length), (e.Errno, e.Operation, e.Offset, e.Length));
        Assert.Equal(_folder["file"], e.Path);
        Assert.Contains(
            offset is null ? $"{operation} of {length} bytes of " : $"{operation} of {length} bytes at offset {offset} of ",
            e.Message, StringComparison.Ordinal);
    }

    private static int FlagsOf(LinuxFile file)
    {
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{file.Descriptor}"))
            .Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
        return Convert.ToInt32(line["flags:".Length..].Trim(), 8);
    }
}
