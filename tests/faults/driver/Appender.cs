using System.Globalization;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Configuration;

namespace AkkaAio.FaultDriver;

/// <summary>
/// Appends records, is killed, and goes on: a reader that stops at the first record that does not fit must find each that was flushed.
/// </summary>
internal static class Appender
{
    private const int RecordSize = 4096;
    private const int HeaderSize = 8 + 32;
    private const int AtOnce = 8;

    /// <param name="path">The log.</param>
    /// <param name="records">Append this many, flushed each, at the file's Length, print the count, and wait to be killed. Null: find the
    /// last whole record, go on behind it, several at once, and print how many are durable, until killed.</param>
    /// <param name="growAhead">Bytes to grow ahead.</param>
    /// <param name="hocon">Further configuration.</param>
    public static async Task<int> RunAsync(string path, int? records, long growAhead, string hocon)
    {
        var aio = AioExt.Get(ActorSystem.Create("appender", ConfigurationFactory.ParseString(hocon)
            .WithFallback(ConfigurationFactory.ParseString("akka.loglevel = OFF\nakka.stdout-loglevel = OFF"))));
        var file = await aio.OpenAsync(path, new()
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Direct = DirectIo.Required,
            GrowAhead = growAhead,
        });
        if (records is { } count)
        {
            var first = file.Length / RecordSize;
            for (var i = first; i < first + count; i++)
            {
                await file.WriteAsync(Record(i), i * RecordSize);
                await file.FlushAsync();
            }

            Console.WriteLine(first + count);
            await Task.Delay(Timeout.Infinite);
        }

        // What is behind the last whole record was never acknowledged. It goes first: a record of the past behind a new end would fit.
        var whole = await WholeAsync(file);
        await file.SetLengthAsync(whole * RecordSize);
        for (var next = whole; ; next += AtOnce)
        {
            await Task.WhenAll(
                Enumerable.Range(0, AtOnce).Select(i => file.WriteAsync(Record(next + i), (next + i) * RecordSize).AsTask()));
            await file.FlushAsync();
            Console.WriteLine(next + AtOnce);
        }
    }

    /// <summary>Prints how many records a reader finds, and the length of the file.</summary>
    public static int Find(string path)
    {
        using var file = File.OpenHandle(path);
        var record = new byte[RecordSize];
        var found = 0L;
        while (RandomAccess.Read(file, record, found * RecordSize) == RecordSize && Fits(record, found))
        {
            found++;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"found {found} length {RandomAccess.GetLength(file)}"));
        return 0;
    }

    private static async Task<long> WholeAsync(AioFile file)
    {
        for (var whole = 0L; ; whole++)
        {
            using var record = await file.RentReadAsync(whole * RecordSize, RecordSize);
            if (!Fits(record.GetSpan(), whole))
            {
                return whole;
            }
        }
    }

    private static byte[] Record(long index)
    {
        var record = new byte[RecordSize];
        BitConverter.TryWriteBytes(record, index);
        record.AsSpan(HeaderSize).Fill((byte)Random.Shared.Next(1, 256));
        SHA256.HashData(record.AsSpan(HeaderSize), record.AsSpan(8, 32));
        return record;
    }

    private static bool Fits(ReadOnlySpan<byte> record, long index) =>
        record.Length == RecordSize && BitConverter.ToInt64(record) == index &&
        SHA256.HashData(record[HeaderSize..]).AsSpan().SequenceEqual(record[8..HeaderSize]);
}
