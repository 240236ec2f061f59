using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

[Collection(MachineCollection.Name)]
public sealed class IdleSpecsOnLinuxAio(ITestOutputHelper output)
    : AioTestKit(EngineKind.LinuxAio, "akka.io.aio { shards = 3, reap.timeout = 10 ms }", output)
{
    [SkippableFact]
    public async Task The_threads_of_an_idle_system_sleep()
    {
        var files = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => NewFile(Block)));
        await Task.WhenAll(files.Select(file => file.WriteAsync(new byte[Block], 0).AsTask()));
        await Task.WhenAll(files.Select(file => file.FlushAsync().AsTask()));
        await Eventually(() => Ext.Shards.All(shard => shard.Loop.Accepted.IsEmpty), "all is reaped");
        var threads = ProcessState.ThreadsNamed("akka.io.aio");
        // And of blocking calls, as many as were needed.
        Assert.True(threads.Count > Ext.Shards.Length, string.Join(", ", ProcessState.ThreadNames));
        Assert.Empty(await ProcessState.ThatDoNotRestAsync(threads));
    }
}

/// <summary>Nothing in flight, nothing done.</summary>
public sealed class IdleSpecsOnMemory(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio.reap { timeout = 20 ms, poll = 0 ms }", output)
{
    [Fact]
    public async Task With_nothing_in_flight_the_reaper_does_not_reap()
    {
        var reaps = 0;
        Engine.OnReap = () => Interlocked.Increment(ref reaps);
        var (file, _) = (await NewFile(Block), await Stats());
        Assert.Equal(0, Volatile.Read(ref reaps));
        await file.ReadAsync(new byte[1], 0);
        Assert.InRange(Volatile.Read(ref reaps), 1, 2);

        // Commands that need no kernel wake no reaper, for however many there are.
        await Replies.Do<Aio.LengthSet>(new Aio.SetLength(file, Block));
        var after = Volatile.Read(ref reaps);
        for (var i = 0; i < 200; i++)
        {
            await Replies.Do<Aio.LengthSet>(new Aio.SetLength(file, Block));
            await Replies.Do<Aio.Canceled>(new Aio.Cancel(new Aio.Flush(file)));
        }

        Assert.Equal(after, Volatile.Read(ref reaps));
    }

    [Fact]
    public async Task With_something_in_flight_the_reaper_waits_in_the_kernel_and_not_in_a_loop()
    {
        var (file, other) = (await NewFile(Block), await NewFile(Block));
        var reaps = 0;
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == Block };
        var read = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        await Fence(other);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Engine.OnReap = () => Interlocked.Increment(ref reaps);
        for (var i = 0; i < 100; i++)
        {
            await Stats();
        }

        var most = (watch.Elapsed.TotalMilliseconds / 10) + 10; // one each time-out of 20 ms
        Assert.InRange(Volatile.Read(ref reaps), 0, most);
        Engine.Release();
        await Replies.Of<Aio.ReadIntoCompleted>(read);
    }
}

/// <summary>A shard that sleeps in the kernel is there at once for whoever wants it.</summary>
public sealed class AsleepInTheKernelSpecsOnMemory(ITestOutputHelper output) : AsleepInTheKernelSpecs("", output);

public sealed class AsleepInTheKernelByReaperSpecsOnMemory(ITestOutputHelper output) : AsleepInTheKernelSpecs("thread = own", output);

public abstract class AsleepInTheKernelSpecs(string reap, ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, $"akka.io.aio.reap {{ timeout = 10 s, poll = 0 ms\n {reap} }}", output)
{
    [Fact]
    public async Task Commands_wake_it()
    {
        var (file, other) = (await NewFile(Block), await NewFile(Block));
        Engine.OnOperation = (in request) => new OperationFault { Hold = request.Length == Block };
        var held = Replies.Tell(new Aio.ReadInto(file, new byte[Block], 0));
        await Fence(other);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(1, await other.ReadAsync(new byte[1], 0)); // by a task: from another thread, one at a time
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}"); // a single time-out would be 10 s
        }

        Assert.False(Replies.Has(held));
        Engine.Release();
        await Replies.Of<Aio.ReadIntoCompleted>(held);
    }
}
