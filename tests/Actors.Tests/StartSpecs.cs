using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests;

/// <summary>The log of docs/start.md, also on files as a crash may leave them.</summary>
public sealed class StartSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, "", output)
{
    [SkippableFact]
    public async Task What_was_appended_is_recovered_in_order()
    {
        var path = NewPath();
        byte[][] records = [Pattern(1, 1), Pattern(4060, 2), Pattern(4061, 3), Pattern(100_000, 4)];
        for (var count = 0; count < records.Length; count++)
        {
            var found = new List<byte[]>();
            await using var log = await RecordLog.OpenAsync(Ext, path, found.Add);
            Assert.Equal(records[..count], found);
            await log.AppendAsync(records[count]);
        }
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(36)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(8191)]
    public async Task A_torn_record_is_cut_off_and_what_comes_behind_it_is_recovered(int wrongByte)
    {
        var path = NewPath();
        await using (var log = await RecordLog.OpenAsync(Ext, path, _ => { }))
        {
            await log.AppendAsync(Pattern(10, 1));
            await log.AppendAsync(Pattern(5000, 2));
        }

        var content = await File.ReadAllBytesAsync(path);
        content[4096 + wrongByte] ^= 1;
        await File.WriteAllBytesAsync(path, content);
        await using (var log = await RecordLog.OpenAsync(Ext, path, _ => { }))
        {
            await log.AppendAsync(Pattern(20, 3));
        }

        var found = new List<byte[]>();
        await using var last = await RecordLog.OpenAsync(Ext, path, found.Add);
        Assert.Equal([Pattern(10, 1), Pattern(20, 3)], found);
    }

    [SkippableFact]
    public async Task The_reader_of_the_page_runs()
    {
        var path = NewPath();
        await File.WriteAllBytesAsync(path, Pattern(4096));
        Sys.ActorOf(Props.Create(() => new Reader(path, TestActor)));
        ExpectMsg(4096, Patience.Long);
        Sys.ActorOf(Props.Create(() => new Reader(NewPath(), TestActor)));
        ExpectMsg<AioSystemException>(Patience.Long);
    }

    [Theory]
    [InlineData("log")]
    [InlineData("reader")]
    public void The_page_shows_the_sample_that_is_run_here(string name) => Samples.AssertShows(name, "docs/start.md", SourcePath());

    private static string SourcePath([CallerFilePath] string path = "") => path;

    // sample: reader
    public sealed class Reader : ReceiveActor
    {
        private AioFile? _file;

        public Reader(string path, IActorRef listener)
        {
            var aio = Context.System.Aio();
            Receive<Aio.Opened>(opened =>
            {
                _file = opened.File;
                aio.Tell(new Aio.RentRead(_file, offset: 0, length: 4096));
            });
            Receive<Aio.RentReadCompleted>(read =>
            {
                using var buffer = read.Buffer; // yours: dispose it, and its memory goes back to the pool
                listener.Tell(buffer.Length); // less than 4096 where the file ends
            });
            Receive<Aio.CommandFailed>(failed => listener.Tell(failed.Cause));
            aio.Tell(new Aio.Open(path));
        }

        protected override void PostStop() => _ = _file?.DisposeAsync().AsTask();
    }
    // end

    // sample: log
    public sealed class RecordLog : IAsyncDisposable
    {
        private const int Block = 4096; // direct I/O writes whole blocks; 4096 suits every device
        private const int MostBytes = 16 << 20;
        private readonly AioExt _aio;
        private readonly AioFile _file;
        private long _end; // where the next record goes

        private RecordLog(AioExt aio, AioFile file) => (_aio, _file) = (aio, file);

        public static async Task<RecordLog> OpenAsync(AioExt aio, string path, Action<byte[]> recovered)
        {
            var file = await aio.OpenAsync(path, new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite });
            var log = new RecordLog(aio, file);
            while (await log.ReadNextAsync() is { } data)
            {
                recovered(data);
            }

            await file.SetLengthAsync(log._end); // what a crash has left behind it was never acknowledged
            await file.FlushAsync();
            await aio.SyncFolderAsync(Path.GetDirectoryName(Path.GetFullPath(path))!); // the name of a new file
            return log;
        }

        // When the task has ended the record survives a crash. One call at a time; data is 1 byte to 16 MiB.
        public async Task AppendAsync(byte[] data)
        {
            using var record = _aio.Pool.Rent(SizeOf(data.Length));
            Fill(record.GetSpan(), data);
            await _file.WriteAsync(record.Memory, _end, AioDurability.Dsync);
            _end += record.Length;
        }

        public ValueTask DisposeAsync() => _file.DisposeAsync();

        // A record: SHA-256 of the rest, the length of the data, the data, zeros to the end of the block.
        private static void Fill(Span<byte> record, byte[] data)
        {
            record.Clear();
            BinaryPrimitives.WriteInt32LittleEndian(record[32..], data.Length);
            data.CopyTo(record[36..]);
            SHA256.HashData(record[32..], record);
        }

        // Null: the log ends here, with the file, with zeros, or with a record that was written in part.
        private async Task<byte[]?> ReadNextAsync()
        {
            using var first = await _file.RentReadAsync(_end, Block);
            var length = first.Length < Block ? 0 : BinaryPrimitives.ReadInt32LittleEndian(first.GetSpan()[32..]);
            if (length is <= 0 or > MostBytes)
            {
                return null;
            }

            using var record = await _file.RentReadAsync(_end, SizeOf(length));
            if (record.Length < SizeOf(length) ||
                !SHA256.HashData(record.GetSpan()[32..]).AsSpan().SequenceEqual(record.GetSpan()[..32]))
            {
                return null;
            }

            _end += record.Length;
            return record.GetSpan().Slice(36, length).ToArray();
        }

        private static int SizeOf(int length) => (36 + length + Block - 1) / Block * Block;
    }
    // end
}
