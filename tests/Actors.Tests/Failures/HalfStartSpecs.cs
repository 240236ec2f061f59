using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>
/// A start that fails half way gives back what it took, at once: a process that goes on without AkkaAio may never collect.
/// </summary>
[Collection(MachineCollection.Name)]
public sealed class HalfStartSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAioEpoll, "", output)
{
    private const int Shards = 3;

    [SkippableFact]
    public async Task A_start_that_fails_behind_its_contexts_destroys_them()
    {
        await Start(system => system.Aio()); // all code is loaded, which takes descriptors
        Assert.Equal(0, ProcessState.AioRings);
        await Start(system =>
        {
            // The contexts have one each; the epoll set behind them finds none.
            using var none = NoDescriptors.Take(left: Shards);
            Assert.Equal(Errno.EMFILE, Assert.Throws<AioContextException>(() => system.Aio()).Errno);
        }, () => Assert.Equal(0, ProcessState.AioRings));
        Assert.Empty(ProcessState.ThreadsNamed("akka.io.aio"));
    }

    private static async Task Start(Action<ActorSystem> start, Action? then = null)
    {
        var system = ActorSystem.Create(
            "half", SetupOf(EngineKind.LinuxAioEpoll, new MemoryEngine(), $"akka.io.aio.shards = {Shards}"));
        try
        {
            start(system);
            then?.Invoke();
        }
        finally
        {
            await system.Terminate().WaitAsync(Patience.Long);
        }
    }
}
