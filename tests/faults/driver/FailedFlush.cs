using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>
/// A device that fails once, and works again: the kernel reports it once, and each later Flush of that open fails all the same, since what
/// was written may be lost. A new open may flush.
/// </summary>
internal static class FailedFlush
{
    private const int Block = 4096;

    /// <param name="path">A file of a few blocks on the disk that forgets.</param>
    /// <param name="control">The control file of that disk.</param>
    /// <param name="hocon">Further configuration.</param>
    public static async Task<int> RunAsync(string path, string control, string hocon)
    {
        var system = ActorSystem.Create("failed-flush", ConfigurationFactory.ParseString(hocon)
            .WithFallback(ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR")));
        var aio = AioExt.Get(system);
        var fine = true;
        foreach (var direct in new[] { DirectIo.Required, DirectIo.Off })
        {
            await Case($"Flush {direct}", direct, "fail flush EIO always", file => file.FlushAsync());
            await Case(
                $"Dsync {direct}", direct, "fail flush EIO always", file => file.WriteAsync(new byte[Block], 0, AioDurability.Dsync));
        }

        // What was written before fails on its way to the disk; the Dsync write after it, fine by itself, gets the kernel's only report.
        await Case("Dsync after a lost write", DirectIo.Off, null, async file =>
        {
            await file.WriteAsync(new byte[Block], Block);
            Tell("fail write EIO always");
            using (var sync = Process.Start("sync", [path]))
            {
                await sync.WaitForExitAsync();
            }

            Tell("clear");
            await file.WriteAsync(new byte[Block], 0, AioDurability.Dsync);
        });
        await system.Terminate();
        return fine ? 0 : 1;

        async Task Case(string name, DirectIo direct, string? fault, Func<AioFile, ValueTask> action)
        {
            var file = await aio.OpenAsync(path, new() { Access = FileAccess.ReadWrite, Direct = direct });
            await file.WriteAsync(new byte[Block], 0);
            await file.FlushAsync();
            if (fault is not null)
            {
                Tell(fault);
            }

            var first = await Outcome(action(file));
            Tell("clear");
            var later = await Outcome(file.FlushAsync());
            await file.DisposeAsync();
            await using var other = await aio.OpenAsync(path, new() { Access = FileAccess.ReadWrite, Direct = direct });
            var anew = await Outcome(other.FlushAsync());
            var right = first != "ok" && later != "ok" && anew == "ok";
            Console.WriteLine($"{name}: {first}, later Flush {later}, new open {anew}{(right ? "" : " WRONG")}");
            fine &= right;
        }

        void Tell(string command) => File.WriteAllText(control, command);
    }

    private static async Task<string> Outcome(ValueTask operation)
    {
        try
        {
            await operation;
            return "ok";
        }
        catch (AioException e)
        {
            return e is AioSystemException system ? system.ErrnoName : e.GetType().Name;
        }
    }
}
