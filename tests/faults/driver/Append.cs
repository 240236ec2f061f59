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
        long[] aheads = [0, 64 << 20];
        var ratios = aheads.ToDictionary(ahead => ahead, _ => new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var ahead in aheads)
            {
                var file = await aio.OpenAsync(
                    path, new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Required, GrowAhead = ahead });
                var append = await WriteAsync(aio, file, bytes);
                var overwrite = await WriteAsync(aio, file, bytes);
                await file.DisposeAsync();
                ratios[ahead].Add(append / overwrite);
                Console.WriteLine(
                    $"grow ahead {ahead >> 20} MiB: append {append / 1e6:F0} MB/s overwrite {overwrite / 1e6:F0} MB/s ratio " +
                    $"{append / overwrite:F2}");
            }
        }

        File.Delete(path);
        await system.Terminate();
        foreach (var ahead in aheads)
        {
            Console.WriteLine($"grow ahead {ahead >> 20} MiB: median ratio {ratios[ahead].Order().ElementAt(rounds / 2):F2}");
        }

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
                await file.WriteAsync(record.Memory, offset);
            }
        }));
        await file.FlushAsync();
        return bytes / watch.Elapsed.TotalSeconds;

        long Next() => Interlocked.Add(ref next, RecordBytes) - RecordBytes;
    }
}
