using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Tests;

public sealed class SyscallTableTests
{
    [Fact]
    public void The_x64_table_is_that_of_syscall_64_tbl()
    {
        var table = SyscallTable.For(isLinux: true, Architecture.X64);

        Assert.Equal(206, table.IoSetup);
        Assert.Equal(207, table.IoDestroy);
        Assert.Equal(208, table.IoGetEvents);
        Assert.Equal(209, table.IoSubmit);
        Assert.Equal(210, table.IoCancel);
        Assert.Equal(333, table.IoPGetEvents);
        Assert.Equal(332, table.Statx);
        Assert.Equal(0x4000, table.ODirect);
    }

    [Fact]
    public void The_arm64_table_is_that_of_the_generic_unistd_h()
    {
        var table = SyscallTable.For(isLinux: true, Architecture.Arm64);

        Assert.Equal(0, table.IoSetup);
        Assert.Equal(1, table.IoDestroy);
        Assert.Equal(2, table.IoSubmit);
        Assert.Equal(3, table.IoCancel);
        Assert.Equal(4, table.IoGetEvents);
        Assert.Equal(292, table.IoPGetEvents);
        Assert.Equal(291, table.Statx);
        Assert.Equal(0x10000, table.ODirect);
    }

    [Theory]
    [InlineData(Architecture.X86)]
    [InlineData(Architecture.Arm)]
    [InlineData(Architecture.S390x)]
    [InlineData(Architecture.RiscV64)]
    public void Another_architecture_is_refused_by_name(Architecture architecture)
    {
        var e = Assert.Throws<PlatformNotSupportedException>(() => SyscallTable.For(isLinux: true, architecture));

        Assert.Contains(architecture.ToString(), e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Architecture.X64)]
    [InlineData(Architecture.Arm64)]
    public void Another_operating_system_is_refused(Architecture architecture)
    {
        var e = Assert.Throws<PlatformNotSupportedException>(() => SyscallTable.For(isLinux: false, architecture));

        Assert.Contains("needs Linux", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_current_table_is_this_machines() =>
        Assert.Same(SyscallTable.For(OperatingSystem.IsLinux(), RuntimeInformation.ProcessArchitecture), SyscallTable.Current);
}
