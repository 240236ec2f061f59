namespace AkkaAio.Interop.Tests;

public sealed class ErrorTests
{
    [Fact]
    public void A_system_error_says_operation_length_offset_path_name_text_and_hint()
    {
        var e = new AioSystemException(Errno.ENOSPC, "write", "/data/log", 8192, 4096, "buy a disk");

        Assert.Equal(
            "write of 4096 bytes at offset 8192 of /data/log: ENOSPC (No space left on device); buy a disk", e.Message);
        Assert.Equal(Errno.ENOSPC, e.Errno);
        Assert.Equal("ENOSPC", e.ErrnoName);
        Assert.Equal("write", e.Operation);
        Assert.Equal("/data/log", e.Path);
        Assert.Equal(8192, e.Offset);
        Assert.Equal(4096, e.Length);
        Assert.Equal(28, e.HResult);
    }

    [Theory]
    [InlineData(Errno.EACCES, typeof(UnauthorizedAccessException))]
    [InlineData(Errno.EPERM, typeof(UnauthorizedAccessException))]
    [InlineData(Errno.ENOENT, typeof(DirectoryNotFoundException))]
    [InlineData(Errno.ENOSPC, typeof(IOException))]
    [InlineData(Errno.EAGAIN, typeof(IOException))]
    public void A_system_error_has_a_counterpart_of_the_BCL(Errno errno, Type type)
    {
        var e = new AioSystemException(errno, "open", "/no/such/folder/file");
        Assert.IsType(type, e.ToBcl());
        Assert.Same(e, e.ToBcl().InnerException);
        Assert.True(type != typeof(IOException) || e.ToBcl().HResult == (int)errno);
    }

    [Fact]
    public void Parts_that_are_not_known_are_left_out()
    {
        Assert.Equal("open /data/log: EISDIR (Is a directory)", new AioSystemException(Errno.EISDIR, "open", "/data/log").Message);
        Assert.Equal("io_getevents: EINVAL (Invalid argument)", new AioSystemException(Errno.EINVAL, "io_getevents").Message);
        Assert.Equal(
            "ftruncate of 5 bytes of /data/log: EFBIG (File too large)",
            new AioSystemException(Errno.EFBIG, "ftruncate", "/data/log", null, 5).Message);
    }

    [Fact]
    public void An_unknown_errno_has_its_number_for_a_name()
    {
        Assert.Equal("errno 200", ((Errno)200).Name());
        Assert.StartsWith(
            "read /data/log: errno 200 (", new AioSystemException((Errno)200, "read", "/data/log").Message, StringComparison.Ordinal);
        Assert.Equal("errno 200", new AioSystemException((Errno)200, "read").ErrnoName);
    }

    [Theory]
    [InlineData(Errno.EPERM, 1)]
    [InlineData(Errno.ENOENT, 2)]
    [InlineData(Errno.EINTR, 4)]
    [InlineData(Errno.EIO, 5)]
    [InlineData(Errno.EBADF, 9)]
    [InlineData(Errno.EAGAIN, 11)]
    [InlineData(Errno.ENOMEM, 12)]
    [InlineData(Errno.EACCES, 13)]
    [InlineData(Errno.EFAULT, 14)]
    [InlineData(Errno.EEXIST, 17)]
    [InlineData(Errno.ENOTDIR, 20)]
    [InlineData(Errno.EISDIR, 21)]
    [InlineData(Errno.EINVAL, 22)]
    [InlineData(Errno.EFBIG, 27)]
    [InlineData(Errno.ENOSPC, 28)]
    [InlineData(Errno.EROFS, 30)]
    [InlineData(Errno.ENOSYS, 38)]
    [InlineData(Errno.EOVERFLOW, 75)]
    [InlineData(Errno.EOPNOTSUPP, 95)]
    [InlineData(Errno.EDQUOT, 122)]
    public void An_errno_has_the_kernels_number_and_its_own_name(Errno errno, int number)
    {
        Assert.Equal(number, (int)errno);
        Assert.Equal(errno.ToString(), errno.Name());
    }

    [Fact]
    public void Every_errno_has_a_text_of_the_c_library() =>
        Assert.All(Enum.GetValues<Errno>(), errno =>
        {
            Assert.NotEmpty(errno.Text());
            Assert.DoesNotContain("Unknown", errno.Text(), StringComparison.Ordinal);
        });

    [Fact]
    public void A_context_error_says_what_to_change()
    {
        var e = new AioContextException(Errno.EAGAIN, "io_setup for 64 operations", "raise it");

        Assert.Equal("io_setup for 64 operations: EAGAIN (Resource temporarily unavailable); raise it", e.Message);
        Assert.Equal(Errno.EAGAIN, e.Errno);
    }

    [Fact]
    public void An_alignment_error_says_the_three_values_and_what_is_needed()
    {
        var e = new AioAlignmentException("write", "/data/log", 7, 100, 0x1001, 512, 4);

        Assert.StartsWith("write of 100 bytes at offset 7 of /data/log: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("multiples of 512", e.Message, StringComparison.Ordinal);
        Assert.Contains("a multiple of 4,", e.Message, StringComparison.Ordinal);
        Assert.Contains("offset is 7, length is 100 and address is 0x1001; align", e.Message, StringComparison.Ordinal);
        Assert.Equal((0x1001, 512, 4), (e.Address, e.OffsetAlignment, e.MemoryAlignment));
        Assert.Equal((7L, 100L), (e.Offset, e.Length));
    }

    [Fact]
    public void An_alignment_error_of_managed_memory_speaks_of_no_address() =>
        Assert.Equal(
            "write of 100 bytes at offset 7 of /data/log: direct I/O needs offset and length to be multiples of 512, but offset is 7 and " +
            "length is 100; align them or open the file with Direct = Off",
            new AioAlignmentException("write", "/data/log", 7, 100, 0, 512, 4).Message);

    [Fact]
    public void All_errors_are_IOExceptions() =>
        Assert.All<Exception>(
            [
                new AioSystemException(Errno.EIO, "read"),
                new AioContextException(Errno.EAGAIN, "io_setup", "x"),
                new AioAlignmentException("write", "/f", 0, 0, 0, 1, 1),
                new AioArgumentException("x", "open"),
                new AioBufferBudgetException(1, 2, 3),
            ],
            e => Assert.IsAssignableFrom<IOException>(e));
}
