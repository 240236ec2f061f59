using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Tests;

/// <summary>Against <c>linux/aio_abi.h</c>, <c>linux/fs.h</c> and <c>linux/stat.h</c>.</summary>
public sealed class AbiTests
{
    [Fact]
    public void The_structs_have_the_kernels_sizes()
    {
        Assert.Equal(64, Unsafe.SizeOf<Iocb>());
        Assert.Equal(32, Unsafe.SizeOf<IoEvent>());
        Assert.Equal(IoVec.Size, Unsafe.SizeOf<IoVec>());
        Assert.Equal(16, Unsafe.SizeOf<Timespec>());
        Assert.Equal(256, Unsafe.SizeOf<StatxBuffer>());
    }

    [Theory]
    [InlineData(nameof(Iocb.Data), 0)]
    [InlineData(nameof(Iocb.Key), 8)]
    [InlineData(nameof(Iocb.RwFlags), 12)]
    [InlineData(nameof(Iocb.LioOpcode), 16)]
    [InlineData(nameof(Iocb.ReqPrio), 18)]
    [InlineData(nameof(Iocb.Fildes), 20)]
    [InlineData(nameof(Iocb.Buf), 24)]
    [InlineData(nameof(Iocb.NBytes), 32)]
    [InlineData(nameof(Iocb.Offset), 40)]
    [InlineData(nameof(Iocb.Reserved2), 48)]
    [InlineData(nameof(Iocb.Flags), 56)]
    [InlineData(nameof(Iocb.ResFd), 60)]
    public void An_iocbs_field_is_where_the_kernel_looks_for_it(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<Iocb>(field));

    [Theory]
    [InlineData(nameof(IoEvent.Data), 0)]
    [InlineData(nameof(IoEvent.Obj), 8)]
    [InlineData(nameof(IoEvent.Res), 16)]
    [InlineData(nameof(IoEvent.Res2), 24)]
    public void An_events_field_is_where_the_kernel_puts_it(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<IoEvent>(field));

    [Theory]
    [InlineData(nameof(StatxBuffer.Mask), 0x00)]
    [InlineData(nameof(StatxBuffer.Mode), 0x1c)]
    [InlineData(nameof(StatxBuffer.Size), 0x28)]
    [InlineData(nameof(StatxBuffer.DeviceMajor), 0x88)]
    [InlineData(nameof(StatxBuffer.DeviceMinor), 0x8c)]
    [InlineData(nameof(StatxBuffer.DioMemoryAlign), 0x98)]
    [InlineData(nameof(StatxBuffer.DioOffsetAlign), 0x9c)]
    public void A_statx_field_is_where_the_kernel_puts_it(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<StatxBuffer>(field));

    [Theory]
    [InlineData(IocbCmd.PRead, 0)]
    [InlineData(IocbCmd.PWrite, 1)]
    [InlineData(IocbCmd.FSync, 2)]
    [InlineData(IocbCmd.FDSync, 3)]
    [InlineData(IocbCmd.Poll, 5)]
    [InlineData(IocbCmd.Noop, 6)]
    [InlineData(IocbCmd.PReadV, 7)]
    [InlineData(IocbCmd.PWriteV, 8)]
    public void An_opcode_is_the_kernels(object command, int value) => Assert.Equal(value, (int)(IocbCmd)command);

    [Theory]
    [InlineData(RwFlags.HiPri, 0x01)]
    [InlineData(RwFlags.DSync, 0x02)]
    [InlineData(RwFlags.Sync, 0x04)]
    [InlineData(RwFlags.NoWait, 0x08)]
    [InlineData(RwFlags.Append, 0x10)]
    [InlineData(RwFlags.NoAppend, 0x20)]
    [InlineData(RwFlags.Atomic, 0x40)]
    [InlineData(RwFlags.DontCache, 0x80)]
    public void A_read_write_flag_is_the_kernels(object flag, int value) => Assert.Equal(value, (int)(RwFlags)flag);

    [Theory]
    [InlineData(IocbFlags.ResFd, 1)]
    [InlineData(IocbFlags.IoPrio, 2)]
    public void An_iocb_flag_is_the_kernels(object flag, int value) => Assert.Equal(value, (int)(IocbFlags)flag);

    [Fact]
    public void A_prepared_iocb_carries_what_was_asked_and_nothing_else()
    {
        var expected = new Iocb
        {
            LioOpcode = IocbCmd.PWrite,
            Fildes = 7,
            Buf = 0x1000,
            NBytes = 4096,
            Offset = 8192,
        };

        Assert.Equal(expected, Iocb.PrepPWrite(7, 0x1000, 4096, 8192));
        Assert.NotEqual(expected, Iocb.PrepPRead(7, 0x1000, 4096, 8192));
        Assert.True(expected != Iocb.PrepPWrite(8, 0x1000, 4096, 8192));
    }

    [Fact]
    public void SetEventFd_sets_the_flag_beside_others_and_the_descriptor()
    {
        var iocb = Iocb.PrepPRead(1, 0, 0, 0);
        iocb.Flags = IocbFlags.IoPrio;

        iocb.SetEventFd(9);

        Assert.Equal(IocbFlags.IoPrio | IocbFlags.ResFd, iocb.Flags);
        Assert.Equal(9u, iocb.ResFd);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 100)]
    [InlineData(9_999_999, 0, 999_999_900)]
    [InlineData(10_000_000, 1, 0)]
    [InlineData(15_000_000, 1, 500_000_000)]
    [InlineData(-1, 0, 0)]
    [InlineData(long.MinValue, 0, 0)]
    [InlineData(long.MaxValue, 922_337_203_685, 477_580_700)]
    public void A_timespec_is_never_negative_and_loses_no_tick(long ticks, long seconds, long nanoseconds)
    {
        var timespec = Timespec.From(new TimeSpan(ticks));

        Assert.Equal(new Timespec(seconds, nanoseconds), timespec);
        Assert.Equal([seconds, nanoseconds], MemoryMarshal.Cast<Timespec, long>([timespec]));
    }
}
