using System.Collections.Concurrent;
using Akka.Actor;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.Memory;
using AkkaAio.Interop.Files;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Kernel;

/// <summary>
/// What may block in the kernel, open, close, fallocate, ftruncate and buffered I/O, is done by the threads that are there for it: never on
/// .NET's pool, nor on a shard's thread.
/// </summary>
public sealed class BlockingCallSpecs
{
    private const int Block = 4096;
    private const string BlockingThread = "akka.io.aio.blocking-dispatcher";

    public static TheoryData<string> Configurations { get; } =
        ["", "akka.io.aio { shards = 4, shard-by = stripe, stripe-size = 4 KiB }", "akka.io.aio.reap.thread = own", "akka.io.aio.reap.wait = epoll"];

    [Theory]
    [MemberData(nameof(Configurations))]
    public async Task No_call_that_blocks_is_made_on_a_pool_thread_or_a_shard_s(string hocon)
    {
        var engine = new WatchedEngine();
        var system = ActorSystem.Create("blocking", BootstrapSetup.Create()
            .WithConfig(AioTestKit.ConfigOf($"akka.io.aio.engine = memory\n{hocon}")).And(new AioSetup(engine)));
        var aio = AioExt.Get(system);
        var options = new AioOpenOptions { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Required };

        await Task.Run(async () =>
        {
            Assert.True(Thread.CurrentThread.IsThreadPoolThread); // where a user's code awaits
            var direct = await aio.OpenAsync("/direct", options with { PreallocationSize = 2 * Block });
            for (var i = 0; i < 40; i++)
            {
                await direct.WriteAsync(i * Block, new byte[Block]); // grows it
            }

            await direct.AllocateAsync(0, 100 * Block);
            await direct.SetLengthAsync(Block);
            await direct.FlushAsync();
            await direct.DisposeAsync();

            var buffered = await aio.OpenAsync("/buffered", options with { Direct = DirectIo.Off });
            await buffered.WriteAsync(0, new byte[100]);
            await buffered.WriteVAsync(100, [new byte[10], new byte[20]]);
            Assert.Equal(130, await buffered.ReadAsync(0, new byte[200]));
            using (var read = await buffered.ReadAsync(0, 50))
            {
                Assert.Equal(50, read.Length);
            }

            await buffered.FlushAsync();
            await buffered.SetLengthAsync(10);
            await buffered.DisposeAsync();

            await Assert.ThrowsAsync<AioSystemException>(() => aio.OpenAsync("/none", options with { Mode = FileMode.Open }));
            await aio.OpenAsync("/left-open", options); // the system's end closes it
        }).WaitAsync(Patience.Long);
        await system.Terminate().WaitAsync(Patience.Long);

        Assert.Superset(new HashSet<string>(["open", "close", "fallocate", "ftruncate", "pread", "pwrite"]), engine.Calls.Select(call => call.Name).ToHashSet());
        Assert.All(engine.Calls, call =>
        {
            Assert.False(call.IsPool, $"{call} on a thread of the pool");
            Assert.True(call.Thread == BlockingThread || call.Name == "close", $"{call} on another thread");
            Assert.DoesNotContain("shard", call.Thread, StringComparison.Ordinal);
        });
        Assert.Equal(0, engine.Inner.OpenFiles);
    }

    private sealed record Call(string Name, string Path, string Thread, bool IsPool);

    /// <summary>The in-memory engine, which notes on what thread each call is made.</summary>
    private sealed class WatchedEngine : IIoEngine
    {
        public MemoryEngine Inner { get; } = new();

        public ConcurrentQueue<Call> Calls { get; } = new();

        public string Name => Inner.Name;

        public (long Free, long Max)? Capacity => Inner.Capacity;

        public long CapacityOf(int depth) => Inner.CapacityOf(depth);

        public IIoContext CreateContext(int depth) => Inner.CreateContext(depth);

        public IIoFile Open(string path, IoFileOptions options)
        {
            Note("open", path);
            return new WatchedFile(this, Inner.Open(path, options));
        }

        public void Note(string call, string path) =>
            Calls.Enqueue(new Call(call, path, Thread.CurrentThread.Name ?? "", Thread.CurrentThread.IsThreadPoolThread));
    }

    private sealed class WatchedFile(WatchedEngine engine, IIoFile inner) : IIoFile
    {
        public string Path => inner.Path;

        public FileIdentity Identity => inner.Identity;

        public int Descriptor => inner.Descriptor;

        public FileAccess Access => inner.Access;

        public bool IsDirect => inner.IsDirect;

        public bool IsBlockDevice => inner.IsBlockDevice;

        public int OffsetAlignment => inner.OffsetAlignment;

        public int MemoryAlignment => inner.MemoryAlignment;

        public long GetLength() => inner.GetLength();

        public void SetLength(long length) => Noted("ftruncate").SetLength(length);

        public void Allocate(long offset, long length) => Noted("fallocate").Allocate(offset, length);

        public int Read(Span<byte> destination, long offset) => Noted("pread").Read(destination, offset);

        public int ReadV(ReadOnlySpan<IoVec> vectors, long offset) => Noted("pread").ReadV(vectors, offset);

        public int Write(ReadOnlySpan<byte> source, long offset, bool dataSync) => Noted("pwrite").Write(source, offset, dataSync);

        public int WriteV(ReadOnlySpan<IoVec> vectors, long offset, bool dataSync) => Noted("pwrite").WriteV(vectors, offset, dataSync);

        public void DataSync() => Noted("fdatasync").DataSync();

        public void Dispose() => Noted("close").Dispose();

        private IIoFile Noted(string call)
        {
            engine.Note(call, Path);
            return inner;
        }
    }
}
