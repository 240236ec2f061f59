using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.IO;
using Akka.Streams.TestKit;
using AkkaAio.Streams.Tests.Support;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Streams.Tests;

public sealed class LeakSpecsOnMemory(ITestOutputHelper output) : LeakSpecs(EngineKind.Memory, output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public async Task What_a_source_reads_when_it_ends_comes_back_later(int window)
    {
        var path = PathOf(Pattern(Chunk * 40));
        foreach (var end in Enum.GetValues<End>())
        {
            Engine.OnOperation = (in request) => new OperationFault { Hold = request.Offset > 0 };
            var materializer = NewMaterializer();
            var ((result, killSwitch), probe) = Probed(path, window).Run(materializer);
            probe.Request(2).ExpectNext();
            await Eventually(() => Pool.RentedBuffers >= window, "the kernel has all reads");
            await EndIt(end, materializer, killSwitch, result);
            await Eventually(() => Pool.RentedBuffers >= window, "the kernel has them still");
            Engine.OnOperation = null;
            Engine.Release();
            await NothingIsLeft();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public async Task What_a_sink_writes_when_it_ends_comes_back_later(int window)
    {
        for (var i = 0; i < 5; i++)
        {
            Engine.OnOperation = (in _) => new OperationFault { Hold = true };
            var materializer = NewMaterializer();
            var (probe, result) = this.SourceProbe<ReadOnlyMemory<byte>>()
                .ToMaterialized(AioSink.ToFile(NewPath(), new AioWriteSettings { BlockSize = Chunk, Window = window }), Keep.Both)
                .Run(materializer);
            probe.SendNext(Pattern(Chunk * 20));
            await Eventually(() => Pool.RentedBuffers == window, "it writes as much as it may");
            materializer.Shutdown();
            await Assert.ThrowsAsync<AbruptStageTerminationException>(() => result.WaitAsync(Patience.Long));
            Engine.OnOperation = null;
            Engine.Release();
            await NothingIsLeft();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_is_opened_too_late_is_closed(bool isSource)
    {
        using var opens = new SemaphoreSlim(0);
        using var mayOpen = new SemaphoreSlim(0);
        var path = PathOf(Pattern(Chunk));
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "open")
            {
                opens.Release();
                mayOpen.Wait(Patience.Long);
            }

            return Errno.None;
        };
        var materializer = NewMaterializer();
        var result = isSource
            ? AioSource.FromFile(path).To(Sink.Ignore<ReadOnlyMemory<byte>>()).Run(materializer)
            : Source.Maybe<ReadOnlyMemory<byte>>().ToMaterialized(AioSink.ToFile(path), Keep.Right).Run(materializer);
        Assert.True(await opens.WaitAsync(Patience.Long));
        materializer.Shutdown();
        await Assert.ThrowsAsync<AbruptStageTerminationException>(() => result.WaitAsync(Patience.Long));
        mayOpen.Release();
        await Eventually(() => Engine.OpenFiles == 0, "it is closed");
        await NothingIsLeft();
    }

    [Fact]
    public async Task What_was_accepted_is_written_though_the_upstream_ends_before_the_file_is_open()
    {
        var path = NewPath();
        using var mayOpen = new SemaphoreSlim(0);
        Engine.OnFileCall = (call, _) =>
        {
            if (call == "open")
            {
                mayOpen.Wait(Patience.Long);
            }

            return Errno.None;
        };
        var result = Source.Empty<ReadOnlyMemory<byte>>().RunWith(AioSink.ToFile(path), Materializer);
        mayOpen.Release();
        Assert.Equal(0, (await result.WaitAsync(Patience.Long)).Count);
        Assert.Empty(OnDisk(path));
        await NothingIsLeft();
    }
}

public sealed class LeakSpecsOnLinuxAio(ITestOutputHelper output) : LeakSpecs(EngineKind.LinuxAio, output);

public sealed class LeakSpecsOnThreadPool(ITestOutputHelper output) : LeakSpecs(EngineKind.ThreadPool, output);

/// <summary>However a stream ends, every buffer goes back to the pool and the file is closed.</summary>
public abstract class LeakSpecs : StreamSpecs
{
    protected const int Chunk = 4096;

    private protected LeakSpecs(EngineKind kind, ITestOutputHelper output)
        : base(kind, output)
    {
    }

    /// <summary>How a stream ends before its time.</summary>
    public enum End
    {
        Cancel,
        Failure,
        Materializer,
    }

    [SkippableFact]
    public async Task Take_at_any_window()
    {
        var path = PathOf(Pattern(Chunk * 100));
        for (var i = 0; i < 100; i++)
        {
            var settings = new AioReadSettings { ChunkSize = Chunk, ReadSize = Chunk, ReadAhead = ((i % 16) + 1) * Chunk };
            var taken = await AioSource.FromFile(path, settings).Take(i % 4)
                .RunAggregate(0, (sum, element) => sum + element.Length, Materializer).WaitAsync(Patience.Long);
            Assert.Equal(i % 4 * Chunk, taken);
        }

        await NothingIsLeft();
    }

    [SkippableTheory]
    [InlineData(End.Cancel)]
    [InlineData(End.Failure)]
    [InlineData(End.Materializer)]
    public async Task A_source_that_ends_early(End end)
    {
        var path = PathOf(Pattern(Chunk * 100));
        for (var i = 0; i < 20; i++)
        {
            var materializer = NewMaterializer();
            var ((result, killSwitch), probe) = Probed(path, window: 16).Run(materializer);
            probe.EnsureSubscription();
            probe.Request(i + 1);
            if (i % 2 == 1)
            {
                probe.ExpectNext();
            }

            await EndIt(end, materializer, killSwitch, result);
        }

        await NothingIsLeft();
    }

    [SkippableFact]
    public async Task A_sink_whose_materializer_ends()
    {
        for (var i = 0; i < 20; i++)
        {
            var materializer = NewMaterializer();
            var (probe, result) = this.SourceProbe<ReadOnlyMemory<byte>>()
                .ToMaterialized(
                    AioSink.ToFile(NewPath(), new AioWriteSettings { BlockSize = Chunk, Window = (i % 16) + 1 }), Keep.Both)
                .Run(materializer);
            probe.SendNext(Pattern(Chunk * i));
            materializer.Shutdown();
            await Assert.ThrowsAsync<AbruptStageTerminationException>(() => result.WaitAsync(Patience.Long));
        }

        await NothingIsLeft();
    }

    protected IRunnableGraph<((Task<IOResult>, UniqueKillSwitch), TestSubscriber.Probe<ReadOnlyMemory<byte>>)> Probed(
        string path, int window) =>
        AioSource.FromFile(path, new AioReadSettings { ChunkSize = Chunk, ReadSize = Chunk, ReadAhead = window * Chunk })
            .ViaMaterialized(KillSwitches.Single<ReadOnlyMemory<byte>>(), Keep.Both)
            .ToMaterialized(this.SinkProbe<ReadOnlyMemory<byte>>(), Keep.Both);

    protected static async Task EndIt(End end, ActorMaterializer materializer, UniqueKillSwitch killSwitch, Task<IOResult> result)
    {
        if (end == End.Materializer)
        {
            materializer.Shutdown();
            await Assert.ThrowsAsync<AbruptStageTerminationException>(() => result.WaitAsync(Patience.Long));
        }
        else if (end == End.Failure)
        {
            killSwitch.Abort(new InvalidOperationException("downstream"));
            Assert.False((await result.WaitAsync(Patience.Long)).WasSuccessful);
        }
        else
        {
            killSwitch.Shutdown();
            var ended = await result.WaitAsync(Patience.Long);
            Assert.True(ended.WasSuccessful, ended.WasSuccessful ? "" : $"{ended.Error}");
        }
    }
}
