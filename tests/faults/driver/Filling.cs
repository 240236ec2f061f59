using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>Records on a disk that fills: the file is as long as what was accepted, and a call that fails leaves no trace.</summary>
internal static class Filling
{
    private const int RecordSize = 64 << 10;
    private const int Depth = 16;
    private const long TooMuch = 1L << 30;

    /// <summary>Appends records until the disk is full, or <paramref name="records"/> of them.</summary>
    public static async Task<int> RecordsAsync(string path, int? records, long growAhead, string hocon)
    {
        var free = Free(path);
        var system = Start(hocon);
        var aio = AioExt.Get(system);
        var file = await aio.OpenAsync(
            path, new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Required, GrowAhead = growAhead });
        var accepted = 0L;
        var failure = "none";
        if (records is { } count)
        {
            await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Depth }, async (i, stop) =>
            {
                await file.WriteAsync(new byte[RecordSize], (long)i * RecordSize, stop);
                Interlocked.Add(ref accepted, RecordSize);
            });
        }
        else
        {
            try
            {
                for (; ; accepted += RecordSize)
                {
                    await file.WriteAsync(new byte[RecordSize], accepted);
                }
            }
            catch (AioSystemException e)
            {
                failure = e.ErrnoName;
            }
        }

        var open = new FileInfo(path).Length;
        await file.DisposeAsync();
        await system.Terminate();
        var closed = new FileInfo(path).Length;
        Console.WriteLine($"accepted {accepted}, on disk {open}, after Dispose {closed}, taken {free - Free(path)}, failure {failure}");
        return closed == accepted ? 0 : 1;
    }

    /// <summary>An Open with too large a PreallocationSize, and an Allocate of as much, on a file of one block.</summary>
    public static async Task<int> CallsThatFailAsync(string path, string hocon)
    {
        await File.WriteAllBytesAsync(path, new byte[4096]);
        var system = Start(hocon);
        var aio = AioExt.Get(system);
        var free = Free(path);
        var fine = true;
        var opened = await Failure(async () => await aio.OpenAsync(
            path, new() { Access = FileAccess.ReadWrite, Direct = DirectIo.Required, PreallocationSize = TooMuch }));
        Check("Open with PreallocationSize", opened);
        var file = await aio.OpenAsync(path, new() { Access = FileAccess.ReadWrite, Direct = DirectIo.Required });
        Check("Allocate", await Failure(async () => await file.AllocateAsync(0, TooMuch)));
        fine &= file.Length == 4096;
        await file.DisposeAsync();
        Check("closed", "ENOSPC");
        await system.Terminate();
        return fine ? 0 : 1;

        void Check(string what, string failure)
        {
            var (length, taken) = (new FileInfo(path).Length, free - Free(path));
            Console.WriteLine($"{what}: {failure}, length {length}, taken {taken}");
            fine &= failure == "ENOSPC" && length == 4096 && taken < 1 << 20;
        }
    }

    private static ActorSystem Start(string hocon) => ActorSystem.Create("filling", ConfigurationFactory.ParseString(hocon)
        .WithFallback(ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR")));

    private static long Free(string path) => new DriveInfo(Path.GetDirectoryName(path)!).TotalFreeSpace;

    private static async Task<string> Failure(Func<Task> action)
    {
        try
        {
            await action();
            return "none";
        }
        catch (AioSystemException e)
        {
            return e.ErrnoName;
        }
    }
}
