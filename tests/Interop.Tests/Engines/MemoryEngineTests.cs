using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>The engine around the operations: contexts, files, and what it refuses because no caller may do it.</summary>
public sealed class MemoryEngineTests : IDisposable
{
    private static IoFileOptions ReadWrite { get; } = new(FileMode.OpenOrCreate, FileAccess.ReadWrite);

    private readonly MemoryRig _rig = new();
    private readonly MemoryEngine _engine;

    public MemoryEngineTests() => _engine = _rig.Memory;

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_slot_that_is_in_flight_may_not_be_used_again(bool completed)
    {
        _engine.OnOperation = (in _) => new OperationFault { Hold = !completed };
        var context = _rig.Context(4);
        var read = Io.Read(2, _rig.File(new byte[Block]), _rig.Buffer());
        context.SubmitAll(read);

        var e = Assert.Throws<InvalidOperationException>(() => context.Submit([read]));

        Assert.Contains("slot 2 of 4", e.Message, StringComparison.Ordinal);
        _engine.Release();
        Assert.Equal(new Dictionary<int, long> { [2] = Block }, context.ReapAll(1));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [InlineData(int.MaxValue)]
    public void A_slot_outside_the_depth_may_not_be_used(int slot)
    {
        var context = _rig.Context(4);
        var read = Io.Read(slot, _rig.File(new byte[Block]), _rig.Buffer());

        Assert.Throws<InvalidOperationException>(() => context.Submit([read]));
    }

    [Fact]
    public void A_file_may_not_be_closed_under_an_operation()
    {
        _engine.OnOperation = (in _) => new OperationFault { Hold = true };
        using var context = _engine.CreateContext(1);
        var file = _engine.Open("/closed", ReadWrite);
        context.SubmitAll(Io.Read(0, file, _rig.Buffer()));
        file.Dispose();

        var e = Assert.Throws<InvalidOperationException>(() => _engine.Release());
        Assert.Contains("was closed with an operation in flight", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Disposing_a_context_completes_what_is_in_flight_before_it_returns()
    {
        _engine.OnOperation = (in request) => request.Slot == 0 ? new() { Hold = true } : new() { Delay = 9 };
        var file = _rig.File(new byte[2 * Block]);
        var context = _engine.CreateContext(2);
        context.SubmitAll(Io.Write(0, file, _rig.Buffer(fill: 1)), Io.Write(1, file, _rig.Buffer(fill: 2), Block));

        context.Dispose();

        Assert.Equal([.. Enumerable.Repeat((byte)1, Block), .. Enumerable.Repeat((byte)2, Block)], _rig.Content());
        Assert.Throws<ObjectDisposedException>(() => context.Submit([Io.DataSync(0, file)]));
        Assert.Equal(0, _engine.OpenContexts);
    }

    [Fact]
    public void A_context_can_be_refused()
    {
        _engine.OnSetup = depth => depth > 16 ? Errno.EAGAIN : Errno.None;

        var e = Assert.Throws<AioContextException>(() => _engine.CreateContext(32));

        Assert.Equal(Errno.EAGAIN, e.Errno);
        Assert.Equal(0, _engine.OpenContexts);
        Assert.Equal(16, _rig.Context(16).Depth);
        Assert.Equal(1, _engine.OpenContexts);
    }

    [Fact]
    public void Every_file_call_can_fail_and_then_does_nothing()
    {
        var file = _rig.File([1, 2, 3], direct: DirectIo.Off);
        var calls = new Dictionary<string, Action>
        {
            ["open"] = () => _engine.Open("/other", ReadWrite),
            ["fstat"] = () => _ = file.GetLength(),
            ["ftruncate"] = () => file.SetLength(0),
            ["fallocate"] = () => file.Allocate(0, 100),
            ["read"] = () => file.Read(new byte[1], 0),
            ["write"] = () => file.Write([9], 0, dataSync: false),
            ["fdatasync"] = file.DataSync,
        };
        foreach (var (name, call) in calls)
        {
            _engine.OnFileCall = (at, _) => at == name ? Errno.EIO : Errno.None;
            var e = Assert.Throws<AioSystemException>(call);
            Assert.Equal((Errno.EIO, name, name == "open" ? "/other" : "/file"), (e.Errno, e.Operation, e.Path));
        }

        _engine.OnFileCall = null;
        Assert.Equal([1, 2, 3], _engine.ReadAllBytes("/file"));
        Assert.Equal(0, _engine.DataSyncs);
        Assert.Throws<AioSystemException>(() => _engine.ReadAllBytes("/other"));
    }

    [Fact]
    public void Only_data_syncs_that_succeed_are_counted()
    {
        _engine.OnOperation = (in request) => new OperationFault { Error = request.Slot == 0 ? Errno.EIO : Errno.None };
        var file = _rig.File([]);
        var context = _rig.Context(2);

        context.SubmitAll(Io.DataSync(0, file), Io.DataSync(1, file));

        Assert.Equal(new Dictionary<int, long> { [0] = -5, [1] = 0 }, context.ReapAll(2));
        Assert.Equal(1, _engine.DataSyncs);
    }

    [Fact]
    public void Two_opens_are_two_descriptors_of_one_file()
    {
        using var one = _engine.Open("/shared", ReadWrite with { Direct = DirectIo.Off });
        var two = _engine.Open("/shared", ReadWrite with { Direct = DirectIo.Off });
        Assert.NotEqual(one.Descriptor, two.Descriptor);
        Assert.Equal(2, _engine.OpenFiles);

        one.Write([1, 2, 3], 1, dataSync: true);
        Assert.Equal(4, two.GetLength());
        two.SetLength(2);
        two.Dispose();

        Assert.Equal(1, _engine.OpenFiles);
        Assert.Equal([0, 1], _engine.ReadAllBytes("/shared"));
    }

    [Fact]
    public void Bytes_that_were_cut_off_do_not_come_back()
    {
        using var file = _engine.Open("/cut", ReadWrite with { Direct = DirectIo.Off });
        file.Write([1, 2, 3, 4], 0, dataSync: false);
        file.SetLength(1);
        file.SetLength(4);

        Assert.Equal([1, 0, 0, 0], _engine.ReadAllBytes("/cut"));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 40)]
    public void A_file_that_no_memory_could_hold_is_EFBIG(long length)
    {
        using var file = _engine.Open("/large", ReadWrite with { Direct = DirectIo.Off });

        Assert.Equal(Errno.EFBIG, Assert.Throws<AioSystemException>(() => file.SetLength(length)).Errno);
        Assert.Equal(Errno.EFBIG, Assert.Throws<AioSystemException>(() => file.Allocate(1, length)).Errno);
        Assert.Equal(Errno.EFBIG, Assert.Throws<AioSystemException>(() => file.Write([1], length, dataSync: false)).Errno);
        Assert.Equal(
            Errno.EFBIG,
            Assert.Throws<AioSystemException>(() => _engine.Open("/new", ReadWrite with { PreallocationSize = length })).Errno);
        Assert.Equal(0, file.GetLength());
    }

    [Fact]
    public void The_capacity_is_what_the_test_says()
    {
        Assert.Null(_engine.Capacity);
        _engine.Capacity = (10, 20);
        Assert.Equal((10, 20), _engine.Capacity);
        Assert.Equal(64, _engine.CapacityOf(64));
    }
}
