using Akka.Actor;
using AkkaAio.Benchmarks.Null;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Tasks;

/// <summary>What awaiting costs in memory. Alone in the process: the figure is of all its threads.</summary>
[Collection(MachineCollection.Name)]
public sealed class TaskAllocationSpecs(ITestOutputHelper output)
{
    private const int Operations = 100_000;

    // The runtime's and Akka's own housekeeping: segments of queues, the thread pool's growth. A single object an operation is 24.
    private const double Housekeeping = 4;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Reads_and_writes_with_memory_of_the_callers_allocate_nothing(bool write, bool onShard)
    {
        using var system = ActorSystem.Create(
            "allocations", BootstrapSetup.Create().WithConfig(AioTestKit.ConfigOf("")).And(new AioSetup(new NullEngine())));
        var path = Path.Combine(Path.GetTempPath(), $"akka-aio-{Guid.NewGuid():N}");
        await using (File.Create(path, 1, FileOptions.DeleteOnClose))
        {
            var file = await AioExt.Get(system).OpenAsync(
                path, new() { Mode = FileMode.Open, Access = FileAccess.ReadWrite, PreallocationSize = 1 << 20 });
            using var buffer = AioExt.Get(system).Pool.Rent(4096);
            await Run(file, buffer, write, onShard);
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await Run(file, buffer, write, onShard);
            var each = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Operations;
            output.WriteLine($"{each:0.00} bytes an operation");
            Assert.True(each < Housekeeping, $"{each:0.00} bytes an operation");
            await file.DisposeAsync();
        }

        await system.Terminate().WaitAsync(Patience.Long);
    }

    // One on the shard's thread, so that what it costs to go on there is not shared by several.
    private static Task Run(AioFile file, AioBuffer buffer, bool write, bool onShard) =>
        Task.WhenAll(Enumerable.Range(0, onShard ? 1 : 8).Select(_ => Run(file, buffer, write, onShard, Operations / (onShard ? 1 : 8))));

    private static async Task Run(AioFile file, AioBuffer buffer, bool write, bool onShard, int operations)
    {
        await Task.Yield();
        if (onShard)
        {
            await file.OnShard();
        }

        for (var n = 0; n < operations; n++)
        {
            if (write)
            {
                await file.WriteAsync(buffer.Memory, n % 256 * 4096).ConfigureAwait(onShard);
            }
            else if (await file.ReadAsync(buffer.Memory, n % 256 * 4096).ConfigureAwait(onShard) != 4096)
            {
                throw new InvalidOperationException("a short read");
            }
        }
    }
}
