using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.IoUring;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>What only an io_uring can have wrong: its structures, its mappings, its switch in the kernel.</summary>
[Collection(nameof(MachineWide))]
public sealed class IoUringSetupTests
{
    private const string Switch = "/proc/sys/kernel/io_uring_disabled";

    [Fact]
    public void Structures_have_the_kernels_sizes()
    {
        Assert.Equal(120, System.Runtime.CompilerServices.Unsafe.SizeOf<IoUringParams>());
        Assert.Equal(64, System.Runtime.CompilerServices.Unsafe.SizeOf<IoUringSqe>());
        Assert.Equal(16, System.Runtime.CompilerServices.Unsafe.SizeOf<IoUringCqe>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_rings_may_be_in_one_mapping_or_in_two(bool singleMmap)
    {
        using var rig = new IoUringRig();
        var content = Io.Pattern(3 * Block);
        var file = rig.File(content);
        var buffers = Enumerable.Range(0, 3).Select(_ => rig.Buffer()).ToArray();
        using var context = new IoUringContext(3, singleMmap);

        for (var round = 0; round < 100; round++)
        {
            context.SubmitAll([.. buffers.Select((buffer, slot) => Io.Read(slot, file, buffer, slot * Block))]);
            Assert.Equal(3, context.ReapAll(3).Count);
        }

        Assert.All(buffers.Index(), item => Assert.Equal(content.AsSpan(item.Index * Block, Block), item.Item.GetSpan()));
    }

    [Fact]
    public void Disposing_twice_is_harmless()
    {
        var context = new IoUringContext(1);
        context.Dispose();

        // It has the numbers of the descriptors that were closed, and the places of the mappings.
        using var next = new IoUringContext(1);
        context.Dispose();
        Assert.Equal(new IoSubmitResult(1, Errno.None), next.SubmitNop(0));
        Assert.Equal(0, Assert.Single(next.ReapAll(1)).Value);
    }

    [Theory]
    [InlineData(100_000_000)]
    [InlineData(int.MaxValue)]
    public void More_than_any_kernel_allows_is_refused_with_the_figure_that_was_asked_for(int depth)
    {
        var e = Assert.Throws<AioContextException>(() => new IoUringContext(depth));

        Assert.Equal(Errno.EINVAL, e.Errno);
        Assert.Contains($"io_uring_setup for {depth} operations", e.Message, StringComparison.Ordinal);
        Assert.Contains("lower akka.io.aio.depth", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_depth_below_1_is_the_callers_mistake(int depth) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new IoUringContext(depth));

    [Fact]
    public void The_queue_of_completions_takes_the_whole_depth_although_submits_are_cut()
    {
        const int Depth = 40_000; // more than one submit takes
        using var rig = new IoUringRig();
        var file = rig.File(new byte[Block]);
        var buffer = rig.Buffer();
        using var context = new IoUringContext(Depth);

        context.SubmitAll([.. Enumerable.Range(0, Depth).Select(slot => Io.Read(slot, file, buffer) with { Length = 0 })]);

        // In one go and without the kernel's help: what found no place there would come only when it is asked for.
        Assert.Equal(Depth, context.Reap(new IoCompletion[Depth], 0, TimeSpan.Zero));
    }

    [Theory]
    [InlineData("0", "a seccomp profile forbids it; allow io_uring_setup and io_uring_enter")]
    [InlineData("", "a seccomp profile forbids it; allow io_uring_setup and io_uring_enter")]
    [InlineData("1", "kernel.io_uring_disabled is 1 (for CAP_SYS_ADMIN and the members of kernel.io_uring_group only); " +
        "switch it on with: sysctl -w kernel.io_uring_disabled=0")]
    [InlineData("2", "kernel.io_uring_disabled is 2 (for nobody); switch it on with: sysctl -w kernel.io_uring_disabled=0")]
    public void A_refusal_says_which_switch_it_was(string disabled, string remedy) =>
        Assert.Equal(remedy, IoUringRemedy.Disabled(disabled));

    [SkippableFact]
    public void Where_a_seccomp_profile_forbids_it_the_engine_says_so()
    {
        var reason = RefusedSyscalls.Refusing(
            RefusedSyscalls.IoUringSetup, Errno.EPERM, () => new IoUringEngine().WhyUnavailable());
        Skip.IfNot(File.ReadAllText(Switch).Trim() == "0", "io_uring is switched off here");
        Assert.Equal(
            "io_uring_setup for 1 operations: EPERM (Operation not permitted); a seccomp profile forbids it; " +
            "allow io_uring_setup and io_uring_enter", reason);
    }

    [SkippableFact]
    public void Where_it_is_switched_off_the_sentence_says_how_to_switch_it_on()
    {
        Skip.IfNot(
            Environment.GetEnvironmentVariable("AKKA_AIO_SYSCTL") == "1",
            "switches io_uring off for the whole machine; run it with AKKA_AIO_SYSCTL=1 where that harms nobody");
        Skip.IfNot(Environment.UserName == "root", "needs root, to switch io_uring off");
        Skip.IfNot(File.Exists(Switch), "this kernel has no kernel.io_uring_disabled");
        var before = File.ReadAllText(Switch);
        try
        {
            File.WriteAllText(Switch, "2");
            var reason = new IoUringEngine().WhyUnavailable();
            var e = Assert.Throws<AioContextException>(() => new IoUringEngine().CreateContext(8));

            Assert.Equal(Errno.EPERM, e.Errno);
            Assert.EndsWith(
                "kernel.io_uring_disabled is 2 (for nobody); switch it on with: sysctl -w kernel.io_uring_disabled=0",
                e.Message, StringComparison.Ordinal);
            Assert.Equal(e.Message.Replace("8 operations", "1 operations", StringComparison.Ordinal), reason);
        }
        finally
        {
            File.WriteAllText(Switch, before);
        }

        Assert.Null(new IoUringEngine().WhyUnavailable());
    }
}
