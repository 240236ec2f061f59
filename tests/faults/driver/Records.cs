using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>How <see cref="Records"/> writes.</summary>
/// <param name="Flush">Flush after each record, before it is acknowledged.</param>
/// <param name="Dsync">Write with <see cref="AioDurability.Dsync"/>.</param>
/// <param name="Buffered">Through the page cache.</param>
/// <param name="Vectored">Each record in two parts.</param>
/// <param name="Overwrite">Write over the blocks that the file has, up to its end, instead of appending.</param>
/// <param name="Preallocate">Bytes to preallocate, and to fill, instead of appending.</param>
internal sealed record RecordOptions(bool Flush, bool Dsync, bool Buffered, bool Vectored, bool Overwrite, long Preallocate);

/// <summary>A log of checksummed records, written by several writers; the acknowledged ones must survive whatever happens.</summary>
internal static class Records
{
    private const int RecordSize = 4096;
    private const int Writers = 32;
    private const int HeaderSize = 8 + 32;
    private const int SecondPart = 1024;

    // What is printed is what is acknowledged, and nothing else.
    private const string Quiet = "akka.loglevel = OFF\nakka.stdout-loglevel = OFF";

    public static async Task<int> WriteAsync(string path, RecordOptions options, string hocon, CancellationToken stop)
    {
        var config = ConfigurationFactory.ParseString(hocon)
            .WithFallback(ConfigurationFactory.ParseString(Quiet));
        var system = ActorSystem.Create("records", config);
        var aio = AioExt.Get(system);
        var file = await aio.OpenAsync(path, new AioOpenOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Direct = options.Buffered ? DirectIo.Off : DirectIo.Required,
            PreallocationSize = options.Preallocate,
        }, stop);
        var durability = options.Dsync ? AioDurability.Dsync : AioDurability.None;
        var end = options.Overwrite ? file.Length / RecordSize : long.MaxValue;
        using var output = Console.OpenStandardOutput();
        var (next, acknowledged) = (-1L, 0L);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            using var record = aio.Pool.Rent(RecordSize);
            ReadOnlyMemory<byte>[] parts = [record.Memory[..SecondPart], record.Memory[SecondPart..]];
            while (!stop.IsCancellationRequested && Interlocked.Increment(ref next) is var index && index < end)
            {
                Fill(record.GetSpan(), index);
                try
                {
                    await (options.Vectored
                        ? file.WriteAsync(parts, index * RecordSize, durability, CancellationToken.None)
                        : file.WriteAsync(record.Memory, index * RecordSize, durability, CancellationToken.None));
                    if (options.Flush)
                    {
                        await file.FlushAsync(CancellationToken.None);
                    }
                }
                catch (AioException e)
                {
                    await Console.Error.WriteLineAsync(e.Message); // the power is gone
                    return;
                }

                // One write(2) a line: what is in the pipe survives this process.
                lock (output)
                {
                    acknowledged++;
                    output.Write(System.Text.Encoding.ASCII.GetBytes($"{index}\n"));
                }
            }
        }));

        // Killed, not ended: the end of a process or a system must not be what makes the records durable.
        await Task.Delay(acknowledged > 0 ? Timeout.Infinite : 0, CancellationToken.None);
        return 1;
    }

    /// <summary>A flushed and closed file of one record: its length must outlast a power cut.</summary>
    public static async Task<int> CloseAsync(string path, long growAhead, string hocon)
    {
        var aio = AioExt.Get(ActorSystem.Create(
            "closing", ConfigurationFactory.ParseString(hocon).WithFallback(ConfigurationFactory.ParseString(Quiet))));
        var file = await aio.OpenAsync(
            path, new() { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Direct = DirectIo.Required, GrowAhead = growAhead });
        var record = new byte[RecordSize];
        Fill(record, 0);
        await file.WriteAsync(record, 0);
        await file.FlushAsync();
        await file.DisposeAsync();
        Console.WriteLine("0");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    public static int Verify(string path, string acknowledged)
    {
        // The last line may be cut short by the kill.
        var text = File.ReadAllText(acknowledged);
        var lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var lost = 0;
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate); // a file that is gone has lost them all
        var record = new byte[RecordSize];
        var expected = new byte[RecordSize];
        foreach (var line in lines)
        {
            var index = long.Parse(line, CultureInfo.InvariantCulture);
            Fill(expected, index);
            var read = RandomAccess.Read(file, record, index * RecordSize);
            lost += read == RecordSize && record.AsSpan().SequenceEqual(expected) ? 0 : 1;
        }

        Console.WriteLine($"acknowledged {lines.Length} lost {lost}");
        return lines.Length > 0 && lost == 0 ? 0 : 1;
    }

    // Index, SHA-256 of the rest, then bytes that depend on the index.
    private static void Fill(Span<byte> record, long index)
    {
        BinaryPrimitives.WriteInt64LittleEndian(record, index);
        record[HeaderSize..].Fill((byte)(1 + (index % 255)));
        SHA256.HashData(record[HeaderSize..], record[8..HeaderSize]);
    }
}
