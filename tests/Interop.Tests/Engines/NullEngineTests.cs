using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>The engine that does nothing: every operation succeeds, and no byte moves.</summary>
public sealed class NullEngineTests : IDisposable
{
    private const int Depth = 5; // no power of two, as the ring is

    private readonly NullRig _rig = new();
    private readonly IIoContext _context;
    private readonly IIoFile _file;
    private readonly AioBuffer _buffer;

    public NullEngineTests()
    {
        File.WriteAllBytes(_rig.PathOf("file"), Io.Pattern(Block));
        _context = _rig.Context(Depth);
        _file = _rig.Engine.Open(_rig.PathOf("file"), new IoFileOptions(FileMode.Open, FileAccess.ReadWrite));
        _buffer = _rig.Buffer(fill: 7);
    }

    public void Dispose()
    {
        _file.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public void Every_operation_succeeds_in_full_and_moves_nothing()
    {
        _context.SubmitAll(
            Io.Read(0, _file, _buffer), Io.Write(1, _file, _buffer), Io.DataSync(2, _file), Io.Read(3, _file, _buffer, 1L << 40));

        Assert.Equal(new Dictionary<int, long> { [0] = Block, [1] = Block, [2] = 0, [3] = Block }, _context.ReapAll(4));
        Assert.All(_buffer.GetSpan().ToArray(), b => Assert.Equal(7, b));
        Assert.Equal(Io.Pattern(Block), File.ReadAllBytes(_rig.PathOf("file")));
    }

    [Fact]
    public void No_more_than_the_depth_is_accepted()
    {
        var requests = Enumerable.Range(0, Depth + 2).Select(slot => Io.Read(slot, _file, _buffer)).ToArray();

        Assert.Equal(new IoSubmitResult(Depth, Errno.None), _context.Submit(requests));
        Assert.Equal(new IoSubmitResult(0, Errno.EAGAIN), _context.Submit(requests.AsSpan(Depth)));
        Assert.Equal(new IoSubmitResult(0, Errno.None), _context.Submit([]));

        Assert.Equal(2, _context.Reap(new IoCompletion[2], 2, Bounded.Patience));
        Assert.Equal(new IoSubmitResult(2, Errno.None), _context.Submit(requests.AsSpan(Depth)));
        Assert.Equal(Enumerable.Range(2, Depth), _context.ReapAll(Depth).Keys.Order());
    }

    [Fact]
    public async Task A_reaper_that_sleeps_again_and_again_misses_nothing()
    {
        const int Rounds = 20_000;
        var reaper = Bounded.Run(() =>
        {
            var completions = new IoCompletion[Depth];
            for (var next = 0; next < Rounds;)
            {
                var count = _context.Reap(completions, 1, Timeout.InfiniteTimeSpan);
                foreach (var completion in completions[..count])
                {
                    Assert.Equal(next++, completion.Slot);
                }
            }
        });
        await Bounded.Run(() =>
        {
            for (var i = 0; i < Rounds;)
            {
                i += _context.Submit([Io.Read(i, _file, _buffer)]).Accepted;
            }
        });

        await reaper;
    }

    [Fact]
    public void Files_are_opened_for_real_and_are_always_direct()
    {
        using var file = _rig.Engine.Open(_rig.PathOf("file"), new IoFileOptions(Direct: DirectIo.Off));

        Assert.True(file.IsDirect);
        Assert.Equal(Block, file.GetLength());
        Assert.Equal(_file.Identity, file.Identity);
        Assert.Equal(Errno.ENOENT, Assert.Throws<AioSystemException>(() => _rig.Engine.Open("/none/x", new IoFileOptions())).Errno);
    }
}
