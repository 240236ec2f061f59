using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>
/// Two actor systems, one with two opens, and a foreign process on one growing file: what each wrote is read by all, and stays.
/// </summary>
internal static class Sharing
{
    private const int Block = 4096;
    private const int Steps = 200;

    public static async Task<int> RunAsync(string path, int seed, long growAhead, string hocon)
    {
        var config = ConfigurationFactory.ParseString(hocon)
            .WithFallback(ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR"));
        ActorSystem[] systems = [ActorSystem.Create("one", config), ActorSystem.Create("two", config)];
        await File.WriteAllBytesAsync(path, []);
        Func<Task<AioFile>>[] opens = [
            () => Open(systems[0], DirectIo.Required),
            () => Open(systems[0], DirectIo.Off),
            () => Open(systems[1], DirectIo.Required),
        ];
        var files = new List<AioFile>();
        foreach (var open in opens)
        {
            files.Add(await open());
        }

        var random = new Random(seed);
        var (end, hidden, foreign, reopened) = (0L, 0, 0, 0);
        for (var step = 0; step < Steps; step++)
        {
            var blocks = random.Next(1, 17);
            var writer = random.Next(files.Count + 1);
            if (writer == files.Count)
            {
                await WriteFromAnotherProcessAsync(path, end, blocks);
                foreign++;
            }
            else
            {
                await Task.WhenAll(Enumerable.Range(0, blocks).Select(
                    i => files[writer].WriteAsync(Content(end + (i * Block)), end + (i * Block)).AsTask()));
            }

            // Each of the others sees it at once.
            foreach (var file in files)
            {
                using var read = await file.RentReadAsync(end, blocks * Block);
                hidden += read.Length == blocks * Block && IsContent(read.GetSpan(), end) ? 0 : 1;
            }

            end += blocks * Block;
            if (random.Next(10) == 0)
            {
                var i = random.Next(files.Count);
                await files[i].DisposeAsync();
                files[i] = await opens[i]();
                reopened++;
            }
        }

        foreach (var file in files.OrderBy(_ => random.Next()))
        {
            await file.DisposeAsync();
        }

        await Task.WhenAll(systems.Select(system => system.Terminate()));
        var content = await File.ReadAllBytesAsync(path);
        var wrong = Enumerable.Range(0, (int)(end / Block)).Count(i =>
            content.Length < (i + 1) * Block || !IsContent(content.AsSpan(i * Block, Block), i * (long)Block));
        Console.WriteLine(
            $"{Steps} writes ({foreign} foreign, {reopened} reopened, seed {seed}): {hidden} reads hid data, {wrong} blocks wrong, " +
            $"length {content.Length} of {end}");

        // Grown ahead, the end that nobody can prove to be ours stays: as zeros.
        var isEnd = content.Length == end ||
            (growAhead > 0 && content.Length > end && !content.AsSpan((int)end).ContainsAnyExcept((byte)0));
        return hidden == 0 && wrong == 0 && isEnd && foreign > 0 && reopened > 0 ? 0 : 1;

        Task<AioFile> Open(ActorSystem system, DirectIo direct) =>
            AioExt.Get(system).OpenAsync(path, new() { Access = FileAccess.ReadWrite, Direct = direct, GrowAhead = growAhead });
    }

    // dd knows nothing of us.
    private static async Task WriteFromAnotherProcessAsync(string path, long offset, int blocks)
    {
        using var dd = Process.Start(new ProcessStartInfo(
            "dd",
            [
                $"of={path}", $"bs={Block}", string.Create(CultureInfo.InvariantCulture, $"seek={offset / Block}"), "conv=notrunc",
                "status=none",
            ])
        {
            RedirectStandardInput = true,
        })!;
        for (var i = 0; i < blocks; i++)
        {
            await dd.StandardInput.BaseStream.WriteAsync(Content(offset + (i * Block)));
        }

        dd.StandardInput.Close();
        await dd.WaitForExitAsync();
        if (dd.ExitCode != 0)
        {
            throw new InvalidOperationException($"dd: exit {dd.ExitCode}");
        }
    }

    private static byte[] Content(long offset)
    {
        var block = new byte[Block];
        block.AsSpan().Fill(Letter(offset));
        return block;
    }

    private static bool IsContent(ReadOnlySpan<byte> data, long offset)
    {
        for (; data.Length >= Block; data = data[Block..], offset += Block)
        {
            if (data[..Block].ContainsAnyExcept(Letter(offset)))
            {
                return false;
            }
        }

        return data.IsEmpty;
    }

    private static byte Letter(long offset) => (byte)(1 + (offset / Block % 251));
}
