using Akka.Actor;
using AkkaAio.Dispatch;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Failures;

[Collection(MachineCollection.Name)]
public sealed class NoThreadSpecsOnLinuxAio(ITestOutputHelper output) : NoThreadSpecs(EngineKind.LinuxAio, "", output);

[Collection(MachineCollection.Name)]
public sealed class NoThreadSpecsOnReaperThread(ITestOutputHelper output)
    : NoThreadSpecs(EngineKind.LinuxAio, "akka.io.aio.reap.thread = own", output);

/// <summary>A system whose threads cannot be started, for want of memory or by a limit, works on threads of the pool.</summary>
public abstract class NoThreadSpecs(EngineKind kind, string hocon, ITestOutputHelper output)
    : AioTestKit(WithoutThreads(kind), hocon, output)
{
    private static int s_refused;

    [SkippableFact]
    public async Task Every_command_is_answered_and_the_system_ends()
    {
        var file = await FileOf(Pattern(64 * Block));
        for (var i = 0; i < 64; i++)
        {
            Assert.Equal(10, await file.ReadAsync(new byte[10], i * Block).AsTask().WaitAsync(Patience.Long));
        }

        await Replies.Do<Aio.LengthSet>(new Aio.SetLength(file, 32 * Block)); // on a blocking thread
        Ext.Shards[0].Ref.Tell(Kill.Instance);
        await Eventually(() => Ext.Shards[0].Counters.Restarts == 1 && Ext.Shards[0].Context is not null, "it has restarted");
        Assert.Equal(10, await file.ReadAsync(new byte[10], 0).AsTask().WaitAsync(Patience.Long));
        await Sys.Terminate().WaitAsync(Patience.Long); // closes the file
        await Eventually(() => Ext.OpenFiles == 0 && Ext.Shards.All(shard => shard.HasEnded), "all is given back");
        Assert.True(s_refused > 0); // else nothing has been tried
    }

    protected override void AfterAll()
    {
        try
        {
            base.AfterAll();
        }
        finally
        {
            OwnThread.StartThread = OwnThread.DefaultStart;
        }
    }

    // Before the system starts.
    private static EngineKind WithoutThreads(EngineKind kind)
    {
        s_refused = 0;
        OwnThread.StartThread = (name, _) =>
        {
            Interlocked.Increment(ref s_refused);
            throw new ThreadStateException($"no thread left for {name}");
        };
        return kind;
    }
}
