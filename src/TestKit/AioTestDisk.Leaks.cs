using System.Collections.Concurrent;
using Akka.Actor;

namespace AkkaAio.TestKit;

// What is left at the end of a test.
public sealed partial class AioTestDisk
{
    // Nobody is told when a buffer comes back.
    private static readonly TimeSpan BuffersInterval = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan BeforeCollection = TimeSpan.FromMilliseconds(200);

    // What the garbage collection has found since this was last said, of all actor systems on the disk.
    private readonly ConcurrentQueue<string> _forgottenBuffers = new();
    private readonly ConcurrentQueue<string> _forgottenFiles = new();

    /// <summary>
    /// Waits until nothing is left: no operation runs or is held, no file of the disk is open, and no buffer of the actor system is rented.
    /// </summary>
    /// <param name="system">The actor system whose buffers are looked at, running or terminated. Null: only the disk.</param>
    /// <param name="timeout">By the machine's clock; null: 10 s.</param>
    /// <remarks>
    /// A file that was never closed and that nobody refers to any more is a leak while the system runs, although it is closed by then; the
    /// end of the system closes all files.
    /// </remarks>
    /// <exception cref="AioTestException">
    /// Something is left: says each operation and file, and how many buffers; of what nobody refers to any more where it came from. Or the
    /// actor system has its files elsewhere, or the condition of a rule threw.
    /// </exception>
    public async Task ExpectNoLeaks(ActorSystem? system = null, TimeSpan? timeout = null)
    {
        var pool = system is null ? null : PoolOf(system);
        var start = TimeProvider.System.GetTimestamp();
        var hasCollected = false;
        while (true)
        {
            var change = Log.NextChange(); // before the look, so that none is missed
            Log.ThrowIfConditionThrew();
            ThrowIfForgotten(system);
            var ofDisk = LeaksOfDisk();
            var rented = pool?.RentedBuffers ?? 0;
            if (ofDisk.Count == 0 && rented == 0)
            {
                GC.WaitForPendingFinalizers(); // one that returns a buffer says so afterwards
                ThrowIfForgotten(system);
                return;
            }

            var passed = TimeProvider.System.GetElapsedTime(start);
            var isLate = passed >= (timeout ?? Patience);
            if (!hasCollected && (isLate || passed >= BeforeCollection))
            {
                // The count of buffers is exact only once the finalizers of threads that have ended have run. Forgotten buffers and files
                // are found too.
                hasCollected = true;
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
            else if (isLate)
            {
                throw Left(rented == 0 ? ofDisk : [.. ofDisk, $"{rented} buffers of {pool!.RentedBytes} bytes in all are rented"]);
            }
            else
            {
                var left = (timeout ?? Patience) - passed;
                await Task.WhenAny(change, Task.Delay(rented != 0 && left > BuffersInterval ? BuffersInterval : left))
                    .ConfigureAwait(false);
            }
        }
    }

    private AioBufferPool? PoolOf(ActorSystem system)
    {
        var setup = system.Settings.Setup.Get<AioSetup>();
        if (!setup.HasValue || setup.Value.Engine != Engine)
        {
            throw new AioTestException($"the actor system {system.Name} has its files elsewhere: make it with this disk's Setup");
        }

        return system.TryGetExtension<AioExt>(out var aio) ? aio.Pool : null; // null: it has done no I/O
    }

    private List<string> LeaksOfDisk()
    {
        var leaks = new List<string>();
        var running = Log.Running;
        if (running.Length > 0)
        {
            leaks.Add($"{running.Length} operations have not ended: {List(running)}");
        }

        var open = Engine.OpenPaths;
        if (open.Length > 0)
        {
            leaks.Add($"{open.Length} files are open: {string.Join(", ", open.Take(10))}");
        }

        return leaks;
    }

    private AioTestException Left(IEnumerable<string> leaks) => new($"{string.Join("; ", leaks)}; {Describe()}");

    private void ThrowIfForgotten(ActorSystem? system)
    {
        var forgotten = TakeAll(_forgottenBuffers);
        var files = TakeAll(_forgottenFiles);
        if (system is { WhenTerminated.IsCompleted: false })
        {
            forgotten.AddRange(files);
        }

        if (forgotten.Count > 0)
        {
            var list = string.Join("; ", forgotten.Take(10));
            throw Left([$"{forgotten.Count} were never disposed, and nobody refers to them: {list}", .. LeaksOfDisk()]);
        }
    }

    private static List<string> TakeAll(ConcurrentQueue<string> queue)
    {
        var all = new List<string>();
        while (queue.TryDequeue(out var one))
        {
            all.Add(one);
        }

        return all;
    }
}
