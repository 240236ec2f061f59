using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>After the end of the system the kernel has back all that it gave.</summary>
[Collection(MachineCollection.Name)]
public sealed class CleanExitSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, "", output)
{
    [SkippableTheory]
    [InlineData(EngineKind.LinuxAio, 1)]
    [InlineData(EngineKind.LinuxAio, 4)]
    [InlineData(EngineKind.LinuxAioEpoll, 4)]
    [InlineData(EngineKind.IoUring, 4)]
    [InlineData(EngineKind.PosixAio, 4)]
    [InlineData(EngineKind.ThreadPool, 4)]
    public async Task Contexts_descriptors_and_threads_are_what_they_were_before(EngineKind kind, int shards)
    {
        var whyNot = EngineAvailable.WhyNot(kind);
        Skip.If(whyNot is not null, whyNot);
        await RunOnce(kind, shards); // what is made once in a process is there now
        var before = Kept();
        var ended = new List<object>(); // so that no finalizer gives anything back
        for (var round = 0; round < 3; round++)
        {
            ended.Add(await RunOnce(kind, shards));
            Assert.Equal(0, ProcessState.AioRings);
        }

        await Eventually(() => Kept().SequenceEqual(before), $"{string.Join(", ", before)} are kept, as before");
        await Eventually(
            () => ProcessState.ThreadsNamed("akka.io.aio").Count == 0, $"threads: {string.Join(", ", ProcessState.ThreadNames)}");
        GC.KeepAlive(ended);
    }

    [SkippableFact]
    public async Task An_ended_system_is_garbage_whatever_threads_have_used_it()
    {
        var ended = new List<WeakReference>();
        for (var i = 0; i < 3; i++)
        {
            ended.Add(await UseAsync());
        }

        // The blocking dispatcher's threads know it for another 10 s.
        await Eventually(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !ended.Any(system => system.IsAlive);
        }, "every system is collected");

        async Task<WeakReference> UseAsync()
        {
            var system = ActorSystem.Create("ended", ConfigOf(""));
            var aio = AioExt.Get(system);
            var file = await aio.OpenAsync(NewPath(), New with { PreallocationSize = 64 * Block });
            await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
            {
                using var buffer = await file.RentReadAsync(i * Block, Block);
            }));
            await file.DisposeAsync();
            await system.Terminate();
            return new WeakReference(system);
        }
    }

    [SkippableFact]
    public async Task It_is_so_too_when_work_is_under_way_and_files_are_open()
    {
        var path = NewPath();
        var system = ActorSystem.Create("busy", SetupOf(EngineKind.LinuxAio, new MemoryEngine(), "akka.io.aio.shards = 2"));
        var file = await AioExt.Get(system).OpenAsync(path, New with { PreallocationSize = 256 * Block });
        var replies = new Replies(system);
        var commands = Enumerable.Range(0, 5000)
            .Select(i => replies.Tell<Aio.Command>(
                i % 100 == 99 ? new Aio.Flush(file) : new Aio.Write(file, new byte[Block], i % 256 * Block)))
            .ToArray();
        await system.Terminate().WaitAsync(Patience.Long);
        await replies.AssertOneEach(commands);
        Assert.Equal(0, ProcessState.AioRings);
        Assert.DoesNotContain(path, ProcessState.Descriptors);
        await Eventually(() => ProcessState.ThreadsNamed("akka.io.aio").Count == 0, "its threads have ended");
    }

    private async Task<object[]> RunOnce(EngineKind kind, int shards)
    {
        var system = ActorSystem.Create("once", SetupOf(
            kind, new MemoryEngine(), $"akka.io.aio {{ shards = {shards}, shard-by = stripe, stripe-size = 4 KiB }}"));
        var ext = AioExt.Get(system);
        Assert.Equal(kind is EngineKind.LinuxAio or EngineKind.LinuxAioEpoll ? shards : 0, ProcessState.AioRings);
        Assert.Equal(kind == EngineKind.IoUring ? shards : 0, ProcessState.CountOf("io_uring"));
        var file = await ext.OpenAsync(NewPath(), New);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
        {
            await file.WriteAsync(new byte[Block], i * Block);
            using var read = await file.RentReadAsync(i * Block, 100);
        }));
        await file.FlushAsync();
        Assert.NotEmpty(ProcessState.ThreadsNamed("akka.io.aio"));
        object[] contexts = [.. ext.Shards.Select(shard => shard.Context!)];
        await system.Terminate().WaitAsync(Patience.Long);
        return contexts;
    }

    private static string[] Kept()
    {
        var descriptors = ProcessState.Descriptors;
        string[] kinds = ["anon_inode:[eventfd]", "anon_inode:[eventpoll]", "anon_inode:[io_uring]", ".dat", "/dev/null"];
        return [.. kinds.Select(kind => $"{descriptors.Count(target => target.EndsWith(kind, StringComparison.Ordinal))} of {kind}")];
    }
}
