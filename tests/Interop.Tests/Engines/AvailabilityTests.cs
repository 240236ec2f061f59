using System.Runtime.InteropServices;
using AkkaAio.Benchmarks.Null;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.IoUring;
using AkkaAio.Interop.Engines.LinuxAio;
using AkkaAio.Interop.Engines.PosixAio;
using AkkaAio.Interop.Engines.ThreadPool;
using AkkaAio.TestKit;

namespace AkkaAio.Interop.Tests;

/// <summary>What an engine says of itself before a context is opened.</summary>
[Collection(nameof(MachineWide))]
public sealed class AvailabilityTests
{
    private static readonly IIoEngine[] Engines =
        [new LinuxAioEngine(), new IoUringEngine(), new PosixAioEngine(), new ThreadPoolEngine(), new MemoryEngine(), new NullEngine()];

    [Fact]
    public void Where_a_context_can_be_had_there_is_no_reason()
    {
        foreach (var engine in Engines)
        {
            engine.CreateContext(1).Dispose();
            Assert.Null(engine.WhyUnavailable());
            Assert.Equal(engine is IoUringEngine or PosixAioEngine or ThreadPoolEngine, engine.TakesBuffered);
        }
    }

    // By a probe that fails as told: to use up the real limit would disturb every other process of the machine.
    [Fact]
    public void Linux_aio_is_available_although_its_limit_is_reached() =>
        Assert.Null(LinuxAioEngine.WhyUnavailable(
            () => throw new AioContextException(Errno.EAGAIN, "io_setup for 1 operations", "raise the limit")));

    [Theory]
    [InlineData(Errno.ENOSYS)]
    [InlineData(Errno.EPERM)]
    public void Linux_aio_says_why_it_is_unavailable(Errno errno) =>
        Assert.Equal(
            $"io_setup for 1 operations: {errno.Name()} ({errno.Text()}); allow it",
            LinuxAioEngine.WhyUnavailable(() => throw new AioContextException(errno, "io_setup for 1 operations", "allow it")));

    [Fact]
    public void A_foreign_system_is_a_reason_too() =>
        Assert.Equal(
            "Linux AIO is supported on x86-64 and arm64, and this process runs as Wasm.",
            LinuxAioEngine.WhyUnavailable(() => _ = Abi.SyscallTable.For(isLinux: true, Architecture.Wasm)));
}
