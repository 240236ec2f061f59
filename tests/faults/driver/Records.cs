using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>A log of checksummed records, written by several writers; the acknowledged ones must survive whatever happens.</summary>
internal static class Records
{
    private const int RecordSize = 4096;
    private const int Writers = 32;
    private const int HeaderSize = 8 + 32;

    public static async Task<int> WriteAsync(string path, bool flush, long preallocate, string hocon, CancellationToken stop)
    {
        var config = ConfigurationFactory.ParseString(hocon)
            .WithFallback(ConfigurationFactory.ParseString("akka.loglevel = ERROR\nakka.stdout-loglevel = ERROR"));
        var system = ActorSystem.Create("records", config);
        var aio = AioExt.Get(system);
        var file = await aio.OpenAsync(path, new AioOpenOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Direct = DirectIo.Required,
            PreallocationSize = preallocate,
        }, stop);
        using var output = Console.OpenStandardOutput();
        var next = -1L;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            using var record = aio.Pool.Rent(RecordSize);
            while (!stop.IsCancellationRequested)
            {
                var index = Interlocked.Increment(ref next);
                Fill(record.GetSpan(), index);
                try
                {
                    await file.WriteAsync(index * RecordSize, record.Memory, CancellationToken.None);
                    if (flush)
                    {
                        await file.FlushAsync(CancellationToken.None);
                    }
                }
                catch (AioException)
                {
                    return; // the power is gone
                }

                // One write(2) a line: what is in the pipe survives this process.
                lock (output)
                {
                    output.Write(System.Text.Encoding.ASCII.GetBytes($"{index}\n"));
                }
            }
        }));
        await system.Terminate();
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
