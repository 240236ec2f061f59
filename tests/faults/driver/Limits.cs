using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>Resource limits, set on the running process: the .NET runtime does not start under some of them.</summary>
internal static class Limits
{
    public static async Task SetAsync(string resource, long limit)
    {
        using var prlimit = Process.Start(
            "prlimit", ["--pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), $"--{resource}={limit}"]);
        await prlimit.WaitForExitAsync();
    }

    public static async Task<int> UseUpDescriptorsAsync(string path)
    {
        var before = ProcessFigures.Read();
        var system = ActorSystem.Create(
            "descriptors", ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR"));
        var aio = AioExt.Get(system);
        await File.WriteAllBytesAsync(path, new byte[4096]);
        await using (var first = await aio.OpenAsync(path))
        {
            // All that this needs is loaded before the descriptors are used up: an assembly is a file, too.
            (await first.RentReadAsync(0, 4096)).Dispose();
            Console.WriteLine($"direct {first.IsDirect}");
        }

        await SetAsync("nofile", ProcessFigures.Read().Descriptors + 50);
        var files = new List<AioFile>();
        try
        {
            while (files.Count < 1000)
            {
                files.Add(await aio.OpenAsync(path));
            }
        }
        catch (AioSystemException e)
        {
            Console.WriteLine($"{e.GetType().Name} {e.ErrnoName} after {files.Count} files");
        }

        foreach (var file in files)
        {
            (await file.RentReadAsync(0, 4096)).Dispose();
            await file.DisposeAsync();
        }

        (await (await aio.OpenAsync(path)).RentReadAsync(0, 4096)).Dispose();
        await system.Terminate();
        Console.WriteLine($"contexts-left {ProcessFigures.Read().Contexts - before.Contexts}");
        return 0;
    }
}
