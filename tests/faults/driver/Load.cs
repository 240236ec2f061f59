using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>Writes blocks, reads them back and compares; every failure must be typed, and a block is old or new, never mixed.</summary>
internal static class Load
{
    private const int BlockSize = 4096;

    public static async Task<int> RunAsync(string path, int operations, bool readOnly, string hocon)
    {
        var before = ProcessFigures.Read();
        var config = ConfigurationFactory.ParseString(hocon)
            .WithFallback(ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR"));
        var system = ActorSystem.Create("load", config);
        var (written, read, failed, wrong) = (0, 0, 0, 0);
        var errors = new SortedDictionary<string, int>(StringComparer.Ordinal);
        try
        {
            var aio = AioExt.Get(system);
            await using (var file = await aio.OpenAsync(path, new AioOpenOptions
            {
                Mode = readOnly ? FileMode.Open : FileMode.Create,
                Access = readOnly ? FileAccess.Read : FileAccess.ReadWrite,
            }))
            {
                var fine = new bool[operations];
                await Task.WhenAll(Enumerable.Range(0, readOnly ? 0 : operations).Select(async i =>
                {
                    using var block = aio.Pool.Rent(BlockSize);
                    block.GetSpan().Fill((byte)(1 + (i % 250)));
                    fine[i] = await Try(async () => await file.WriteAsync(block.Memory, (long)i * BlockSize));
                    Interlocked.Add(ref written, fine[i] ? 1 : 0);
                }));
                await Try(async () => await file.FlushAsync());
                await Task.WhenAll(Enumerable.Range(0, operations).Where(i => readOnly || fine[i]).Select(i => Try(async () =>
                {
                    using var block = await file.RentReadAsync((long)i * BlockSize, BlockSize);
                    var same = readOnly || (block.Length == BlockSize && !block.GetSpan().ContainsAnyExcept((byte)(1 + (i % 250))));
                    Interlocked.Add(ref wrong, same ? 0 : 1);
                    Interlocked.Increment(ref read);
                })));
            }

            if (aio.Pool.RentedBuffers is var rented and not 0)
            {
                Console.WriteLine($"{rented} buffers are not back");
                wrong++;
            }
        }
        catch (AioException e)
        {
            Note(e);
        }
        catch (AioConfigurationException e)
        {
            Note(e);
        }

        await system.Terminate();
        foreach (var (error, count) in errors)
        {
            Console.WriteLine($"{count} x {error}");
        }

        var left = ProcessFigures.Read().Contexts - before.Contexts;
        Console.WriteLine($"written {written} read {read} failed {failed} wrong {wrong} contexts-left {left}");
        return wrong == 0 && left == 0 ? 0 : 1;

        async Task<bool> Try(Func<Task> action)
        {
            try
            {
                await action();
                return true;
            }
            catch (AioException e)
            {
                Note(e);
                return false;
            }
        }

        void Note(Exception e)
        {
            lock (errors)
            {
                failed++;
                var name = e is AioSystemException system ? $"{e.GetType().Name} {system.ErrnoName}" : e.GetType().Name;
                errors[name] = errors.GetValueOrDefault(name) + 1;
            }
        }
    }
}
