using System.Diagnostics;
using Akka.Actor;

namespace AkkaAio.FaultDriver;

/// <summary>What appending costs beside overwriting: the same records, at the same depth, in turn.</summary>
internal static class Append
{
    private const int RecordBytes = 64 << 10;
    private const int Depth = 16;

    public static async Task<int> RunAsync(string path, long bytes, int rounds)
    {
        using var system = ActorSystem.Create("append");
        var aio = AioExt.Get(system);
        var ratios = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var file = await aio.OpenAsync(path, new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Required });
            var append = await WriteAsync(aio, file, bytes);
            var overwrite = await WriteAsync(aio, file, bytes);
            await file.DisposeAsync();
            ratios.Add(append / overwrite);
            Console.WriteLine($"append {append / 1e6:F0} MB/s overwrite {overwrite / 1e6:F0} MB/s ratio {append / overwrite:F2}");
        }

        File.Delete(path);
        await system.Terminate();
        Console.WriteLine($"median ratio {ratios.Order().ElementAt(rounds / 2):F2}");
        return 0;
    }

    private static async Task<double> WriteAsync(AioExt aio, AioFile file, long bytes)
    {
        var next = 0L;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Depth).Select(async _ =>
        {
            using var record = aio.Pool.Rent(RecordBytes);
            record.GetSpan().Fill(7);
            for (var offset = Next(); offset < bytes; offset = Next())
            {
                await file.WriteAsync(offset, record.Memory);
            }
        }));
        await file.FlushAsync();
        return bytes / watch.Elapsed.TotalSeconds;

        long Next() => Interlocked.Add(ref next, RecordBytes) - RecordBytes;
    }
}
