using Akka.Actor;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

/// <summary>What fails inside the manager fails the one command: its restart would be the end of every file.</summary>
public sealed class ManagerSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    [Fact]
    public async Task Figures_that_cannot_be_read_fail_their_command_alone()
    {
        var engine = new Moody();
        using var system = ActorSystem.Create("moody", BootstrapSetup.Create().WithConfig(ConfigOf("")).And(new AioSetup(engine)));
        var aio = AioExt.Get(system);
        var file = await aio.OpenAsync("/memory/f", New with { PreallocationSize = 4 * Block });
        var replies = new Replies(system);
        engine.Throws = true;
        Assert.IsType<AioException>((await replies.Do<Aio.CommandFailed>(new Aio.GetStats())).Cause);
        engine.Throws = false;
        Assert.Equal(1, (await replies.Do<Aio.Stats>(new Aio.GetStats())).OpenFiles);
        Assert.Equal(10, await file.ReadAsync(new byte[10], 0).AsTask().WaitAsync(Patience.Long));
        await using (await aio.OpenAsync("/memory/g", New).WaitAsync(Patience.Long))
        {
            Assert.False(aio.Refuses);
        }

        await system.Terminate().WaitAsync(Patience.Long);
    }

    private sealed class Moody : IIoEngine
    {
        private readonly MemoryEngine _memory = new();

        public bool Throws { get; set; }

        public string Name => _memory.Name;

        public (long Free, long Max)? Capacity => Throws ? throw new IOException("too many open files") : null;

        public long CapacityOf(int depth) => depth;

        public IIoContext CreateContext(int depth) => _memory.CreateContext(depth);

        public IIoFile Open(string path, IoFileOptions options) => _memory.Open(path, options);
    }
}
