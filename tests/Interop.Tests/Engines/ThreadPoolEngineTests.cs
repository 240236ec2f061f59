using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.ThreadPool;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>Threads that do blocking calls: on descriptors, and on what the BCL has.</summary>
public abstract class ThreadPoolEngineTests(EngineRig rig) : IDisposable
{
    private const int Depth = 8;

    protected EngineRig Rig { get; } = rig;

    public void Dispose()
    {
        Rig.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void What_is_written_and_synced_is_read_again()
    {
        var context = Rig.Context(Depth);
        var file = Rig.File(new byte[4 * Block], direct: DirectIo.Off);
        var (source, target) = (Rig.Buffer(Block, fill: 7), Rig.Buffer());

        Assert.Equal(Block, context.Perform(Io.Write(0, file, source, Block) with { Flags = Interop.Abi.RwFlags.DSync }));
        Assert.Equal(0, context.Perform(Io.DataSync(1, file)));
        Assert.Equal(Block, context.Perform(Io.Read(2, file, target, Block)));

        Assert.Equal(source.GetSpan(), target.GetSpan());
        Assert.Equal(7, Rig.Content()[Block]);
    }

    [Fact]
    public void Many_buffers_are_one_range_of_the_file()
    {
        var context = Rig.Context(Depth);
        var file = Rig.File(new byte[20], direct: DirectIo.Off);
        var (table, buffer) = (Rig.Buffer(), Rig.Buffer());
        Io.Pattern(9).CopyTo(buffer.GetSpan());
        (nint, int)[] pieces = [(buffer.Address + 5, 4), (buffer.Address, 0), (buffer.Address, 5)];
        var write = Io.Vectored(IoOpcode.Write, 0, file, table, pieces, 11);

        Assert.Equal(9, context.Perform(write with { Flags = Interop.Abi.RwFlags.DSync }));
        byte[] written = [.. Io.Pattern(9)[5..], .. Io.Pattern(9)[..5]];
        Assert.Equal([.. new byte[11], .. written], Rig.Content());

        buffer.GetSpan().Clear();
        Assert.Equal(7, context.Perform(write with { Opcode = IoOpcode.Read, Offset = 13 }));
        Assert.Equal([.. written[6..], 0, 0, .. written[2..6]], buffer.GetSpan()[..9].ToArray());
        Assert.Equal(0, context.Perform(write with { Opcode = IoOpcode.Read, Offset = 20 }));
    }

    [Fact]
    public void Errors_are_completions()
    {
        var context = Rig.Context(Depth);
        var file = Rig.File(new byte[Block], FileAccess.Read, DirectIo.Off);
        var gone = Rig.Engine.Open(Rig.PathOf("gone"), new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, DirectIo.Off));
        gone.Dispose();

        var buffer = Rig.Buffer();
        Assert.Equal(0, context.Perform(Io.Read(0, file, buffer, 10 * Block)));
        Assert.Equal(Block / 2, context.Perform(Io.Read(0, file, buffer, Block / 2)));
        Assert.True(context.Perform(Io.Write(1, file, buffer)) < 0);
        Assert.True(context.Perform(Io.Read(1, file, buffer, -1)) < 0);
        Assert.Equal(-(long)Errno.EBADF, context.Perform(Io.Read(2, file, buffer) with { Descriptor = 1 << 20 }));
    }

    [Fact]
    public void No_more_than_the_depth_is_accepted_and_each_completes_once()
    {
        var context = Rig.Context(Depth);
        var file = Rig.File(Io.Pattern(Depth * Block), direct: DirectIo.Off);
        var requests = Enumerable.Range(0, Depth + 2)
            .Select(slot => Io.Read(slot, file, Rig.Buffer(), slot * Block)).ToArray();

        Assert.Equal(new IoSubmitResult(Depth, Errno.None), context.Submit(requests.AsSpan(0, Depth)));
        Assert.Equal(new IoSubmitResult(0, Errno.EAGAIN), context.Submit(requests.AsSpan(Depth)));
        Assert.Equal(new IoSubmitResult(0, Errno.None), context.Submit([]));

        Assert.Equal(2, context.Reap(new IoCompletion[2], 2, Bounded.Patience));
        Assert.Equal(new IoSubmitResult(2, Errno.None), context.Submit(requests.AsSpan(Depth)));
        Assert.Equal(Depth, context.ReapAll(Depth).Count);
    }

    [Fact]
    public async Task Submit_beside_reap_loses_nothing_and_mixes_nothing_up()
    {
        const int Rounds = 20_000;
        var context = Rig.Context(Depth);
        var content = Io.Pattern(64 * Block);
        var file = Rig.File(content, direct: DirectIo.Off);
        var buffers = Enumerable.Range(0, Depth).Select(_ => Rig.Buffer()).ToArray();
        var offsets = new long[Depth];
        using var free = new System.Collections.Concurrent.BlockingCollection<int>();
        for (var slot = 0; slot < Depth; slot++)
        {
            free.Add(slot);
        }

        var reaper = Bounded.Run(() =>
        {
            var completions = new IoCompletion[Depth];
            for (var done = 0; done < Rounds;)
            {
                var count = context.Reap(completions, 1, Timeout.InfiniteTimeSpan);
                foreach (var (slot, result) in completions[..count])
                {
                    Assert.Equal(Block, result);
                    Assert.Equal(content.AsSpan((int)offsets[slot], Block), buffers[slot].GetSpan());
                    free.Add(slot);
                }

                done += count;
            }
        });
        await Bounded.Run(() =>
        {
            var random = new Random(1);
            for (var i = 0; i < Rounds; i++)
            {
                var slot = free.Take();
                offsets[slot] = random.Next(64) * Block;
                context.SubmitAll(Io.Read(slot, file, buffers[slot], offsets[slot]));
            }
        });

        await reaper;
    }

    [Fact]
    public async Task Wake_ends_the_wait_that_is_on_or_the_next_one()
    {
        var context = Rig.Context(Depth);
        context.Wake();
        Assert.Equal(0, context.Reap(new IoCompletion[1], 1, Timeout.InfiniteTimeSpan));

        var waiting = Bounded.Run(() => Assert.Equal(0, context.Reap(new IoCompletion[1], 1, Timeout.InfiniteTimeSpan)));
        context.Wake();
        await waiting;

        Assert.Equal(0, context.Reap(new IoCompletion[1], 1, TimeSpan.FromMilliseconds(1)));
        Assert.Equal(0, context.Reap(new IoCompletion[1], 0, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void A_folder_a_missing_file_and_a_second_new_one_have_their_errno()
    {
        Assert.Equal(Errno.ENOENT, ErrorOf(Rig.PathOf("none"), FileMode.Open));
        Rig.File([1], direct: DirectIo.Off);
        Assert.Equal(Errno.EEXIST, ErrorOf(Rig.PathOf("file"), FileMode.CreateNew));
        Assert.Equal(Errno.EISDIR, ErrorOf(Path.GetDirectoryName(Rig.PathOf("file"))!, FileMode.Open));

        Errno ErrorOf(string path, FileMode mode) => Assert.Throws<AioSystemException>(() => Rig.Engine.Open(
            path, new IoFileOptions(mode, mode == FileMode.Open ? FileAccess.Read : FileAccess.ReadWrite))).Errno;
    }
}

/// <summary>With system calls.</summary>
public sealed class LinuxThreadPoolEngineTests() : ThreadPoolEngineTests(new ThreadPoolRig())
{
    [Fact]
    public void Threads_start_with_the_work_and_are_bounded()
    {
        using var context = (ThreadPoolContext)new ThreadPoolEngine(threads: 3).CreateContext(16);
        var file = Rig.File(new byte[Block], direct: DirectIo.Off);
        Assert.Equal(0, context.Threads);

        context.Perform(Io.DataSync(0, file));
        Assert.InRange(context.Threads, 1, 2); // a second where the first has not begun to look for work

        context.SubmitAll([.. Enumerable.Range(0, 16).Select(slot => Io.DataSync(slot, file))]);
        context.ReapAll(16);
        Assert.Equal(3, context.Threads);
    }

    [Fact]
    public void After_dispose_nothing_writes_to_the_memory_any_more()
    {
        for (var round = 0; round < 100; round++)
        {
            var context = (ThreadPoolContext)new ThreadPoolEngine(threads: 4).CreateContext(16);
            var file = Rig.File(new byte[Block], direct: DirectIo.Off, name: $"file{round}");
            using var buffer = Rig.Pool.Rent(Block);
            context.SubmitAll([.. Enumerable.Range(0, 16).Select(slot => Io.Read(slot, file, buffer))]);

            context.Dispose();

            buffer.GetSpan().Fill(9);
            Assert.Equal(-1, buffer.GetSpan().IndexOfAnyExcept((byte)9));
            file.Dispose();
        }
    }
}

/// <summary>With what the BCL has, as on other platforms.</summary>
public sealed class PortableThreadPoolEngineTests() : ThreadPoolEngineTests(new PortableRig())
{
    [Fact]
    public void Direct_is_refused_when_it_is_required_and_else_the_file_is_buffered()
    {
        using var file = Rig.Engine.Open(Rig.PathOf("auto"), new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite));
        Assert.False(file.IsDirect);
        var error = Assert.Throws<AioSystemException>(() => Rig.Engine.Open(
            Rig.PathOf("auto"), new IoFileOptions(Direct: DirectIo.Required)));
        Assert.Contains("Direct = Auto", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_opens_of_a_file_are_one_and_their_descriptors_two()
    {
        var first = Rig.File([1, 2, 3], direct: DirectIo.Off);
        File.CreateSymbolicLink(Rig.PathOf("link"), first.Path);
        using var second = Rig.Engine.Open(Rig.PathOf("link"), new IoFileOptions());
        using var other = Rig.Engine.Open(Rig.PathOf("other"), new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite));

        Assert.Equal(first.Identity, second.Identity);
        Assert.Equal(first.Path, second.Path);
        Assert.NotEqual(first.Descriptor, second.Descriptor);
        Assert.NotEqual(first.Identity, other.Identity);
    }

    [Fact]
    public void A_file_is_made_longer_and_shorter()
    {
        using var file = Rig.Engine.Open(
            Rig.PathOf("new"), new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, PreallocationSize: 100));
        Assert.Equal(100, file.GetLength());
        file.Allocate(1000, 24);
        Assert.Equal(1024, file.GetLength());
        file.Allocate(0, 24);
        Assert.Equal(1024, file.GetLength());
        file.SetLength(7);
        Assert.Equal(7, new FileInfo(file.Path).Length);
        file.DataSync();
    }
}

/// <summary>One operation that takes long holds up no other, as long as there are threads.</summary>
public sealed class WorkerThreadsTests
{
    [Fact]
    public async Task An_operation_beside_one_that_hangs_is_done()
    {
        using var calls = new HangingCalls();
        using var context = new ThreadPoolContext(8, 8, calls);
        await Bounded.Run(() =>
        {
            var completions = new IoCompletion[8];
            for (var round = 0; round < 2000; round++)
            {
                // At once after the last completions: a thread that comes back from them must not be counted on for both.
                Assert.Equal(1, context.Submit([new IoRequest(HangingCalls.Hangs, IoOpcode.Read, 0, 0, 0, 0)]).Accepted);
                Assert.Equal(1, context.Submit([new IoRequest(1, IoOpcode.Read, 0, 0, 0, 0)]).Accepted);
                Assert.Equal(1, context.Reap(completions, 1, Timeout.InfiniteTimeSpan));
                Assert.Equal(1, completions[0].Slot);
                calls.Go();
                Assert.Equal(1, context.Reap(completions, 1, Timeout.InfiniteTimeSpan));
                Assert.Equal(HangingCalls.Hangs, completions[0].Slot);
            }
        });
    }

    private sealed class HangingCalls : BlockingCalls, IDisposable
    {
        public const int Hangs = 0;

        private readonly SemaphoreSlim _go = new(0);

        public void Go() => _go.Release();

        public void Dispose() => _go.Dispose();

        protected override long Do(in IoRequest request)
        {
            if (request.Slot == Hangs)
            {
                _go.Wait(Bounded.Patience);
            }

            return 0;
        }
    }
}
