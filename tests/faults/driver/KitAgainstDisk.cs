using System.Globalization;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using AkkaAio.TestKit;

namespace AkkaAio.FaultDriver;

/// <summary>
/// The crash model of the test kit against a real disk: the same work is done on both, the real one loses its power, and what is left there
/// must be among the images of the kit.
/// </summary>
internal static class KitAgainstDisk
{
    private const int Region = 64 << 10;
    private const int Sector = 512;
    private const int Steps = 40;
    private const string InMemory = "/file";

    /// <summary>How the kit is made to know less than it should, for the proof that this check sees it.</summary>
    public static readonly string[] Models = ["exact", "writes-are-durable", "sectors-of-4096"];

    /// <summary>
    /// Does the work of a seed on a file or a device, and prints the number of each step that is done; then waits to be killed.
    /// </summary>
    public static async Task<int> WorkAsync(string path, int seed)
    {
        using var system = ActorSystem.Create("work", ConfigurationFactory.ParseString("akka.loglevel = OFF\nakka.stdout-loglevel = OFF"));
        using var output = Console.OpenStandardOutput();
        var work = new Work(seed);
        Done(-2, await work.OpenAsync(system, path));
        for (var step = 0; step < Steps; step++)
        {
            try
            {
                await Task.WhenAll(work.Start(step));
            }
            catch (AioException e)
            {
                await Console.Error.WriteLineAsync(e.Message); // the power is gone
                break;
            }

            Done(step, true);
        }

        Done(Steps, true);
        await Task.Delay(Timeout.Infinite);
        return 1;

        // One write(2) a line: what is in the pipe survives this process.
        void Done(int step, bool isFile) => output.Write(System.Text.Encoding.ASCII.GetBytes($"{step} {isFile}\n"));
    }

    /// <summary>Checks what was left: NAME.left beside NAME.done, what the work printed, for each NAME, which ends in the seed.</summary>
    public static async Task<int> CheckAsync(string folder, string model)
    {
        var (all, unknown) = (0, 0);
        foreach (var done in Directory.GetFiles(folder, "*.done").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(done);
            var lines = (await File.ReadAllLinesAsync(done)).Select(line => line.Split(' ')).ToList();
            var steps = lines.Count(line => int.Parse(line[0], CultureInfo.InvariantCulture) is >= 0 and < Steps);
            var seed = int.Parse(name.Split('-')[^1], CultureInfo.InvariantCulture);
            var left = await File.ReadAllBytesAsync(Path.ChangeExtension(done, "left"));
            var images = await ImagesAsync(seed, steps, isFile: bool.Parse(lines[0][1]), model);
            var isKnown = images.CanLeave(InMemory, left);
            all++;
            unknown += isKnown ? 0 : 1;
            Console.WriteLine(
                $"{name,-24} {steps,3} steps, {left.Length,6} bytes left, {images.CutPoints,4} moments: " +
                (isKnown ? "among the images" : "NOT among the images"));
        }

        Console.WriteLine($"{all} cuts, {unknown} left what the kit does not know ({model})");
        return all > 0 && unknown == 0 ? 0 : 1;
    }

    // The work up to the step that was under way at the cut: all of whose operations were in flight at once.
    private static async Task<CrashImages> ImagesAsync(int seed, int steps, bool isFile, string model)
    {
        var disk = new AioTestDisk { SectorSize = model == "sectors-of-4096" ? 4096 : Sector };
        if (!isFile)
        {
            disk.WriteAllBytes(InMemory, new byte[Region]);
        }

        var quiet = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString("akka.loglevel = OFF\nakka.stdout-loglevel = OFF"));
        using var system = ActorSystem.Create("check", ActorSystemSetup.Create(disk.Setup, quiet));
        var work = new Work(seed) { IsDurable = model == "writes-are-durable" };
        await work.OpenAsync(system, InMemory, isFile);
        disk.Acknowledge(-1);
        for (var step = 0; step <= Math.Min(steps, Steps - 1); step++)
        {
            using var held = disk.Writes().Hold();
            var operations = work.Start(step);
            var writes = work.WritesOf(step);
            if (writes > 0)
            {
                await held.WhenHit(writes);
                held.Release();
            }

            await Task.WhenAll(operations);
            disk.Acknowledge(step);
        }

        return disk.EveryCrashAfter(steps - 1);
    }

    /// <summary>Steps that follow from a seed: some writes at once, which do not touch each other, a flush, or another length.</summary>
    private sealed class Work
    {
        private readonly List<Step> _steps = [];
        private AioFile? _file;

        public Work(int seed)
        {
            var random = new Random(seed);
            for (var step = 0; step < Steps; step++)
            {
                var kind = random.Next(10);
                var writes = new List<(int From, int Count)>();
                for (var from = random.Next(16); kind < 7 && writes.Count < 4 && from < Region / Sector;)
                {
                    var count = Math.Min(random.Next(1, 17), (Region / Sector) - from);
                    writes.Add((from, count));
                    from += count + random.Next(40);
                }

                _steps.Add(new Step(writes, random.Next(4) == 0, kind == 9 ? random.Next(1, Region / Sector) * Sector : null));
            }
        }

        private sealed record Step(List<(int From, int Count)> Writes, bool IsDsync, int? Length);

        /// <summary>Each write as if it were a Dsync write.</summary>
        public bool IsDurable { get; init; }

        /// <returns>Whether it is a file, whose length is what is written to it.</returns>
        public async Task<bool> OpenAsync(ActorSystem system, string path, bool? isFile = null)
        {
            var aio = AioExt.Get(system);
            _file = await aio.OpenAsync(path, new AioOpenOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Direct = DirectIo.Required,
            });
            await aio.SyncFolderAsync(Path.GetDirectoryName(path)!);
            return IsFile = isFile ?? !path.StartsWith("/dev/", StringComparison.Ordinal);
        }

        private bool IsFile { get; set; }

        public int WritesOf(int step) => _steps[step].Writes.Count;

        public List<Task> Start(int step)
        {
            var (writes, isDsync, length) = _steps[step];
            if (writes.Count == 0)
            {
                return [length is { } bytes && IsFile ? _file!.SetLengthAsync(bytes).AsTask() : _file!.FlushAsync().AsTask()];
            }

            var durability = isDsync || IsDurable ? AioDurability.Dsync : AioDurability.None;
            return [.. writes.Select(
                write => _file!.WriteAsync(Bytes(step, write.From, write.Count), write.From * Sector, durability).AsTask())];
        }

        // Each sector of each step is like no other.
        private static byte[] Bytes(int step, int from, int count)
        {
            var bytes = new byte[count * Sector];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)((step * 5) + ((from + (i / Sector)) * 3) + i + 1);
            }

            return bytes;
        }
    }
}
