using System.Globalization;
using System.IO.Compression;
using System.Text;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Log;
using AkkaAio.TestKit;

namespace AkkaAio.Persistence.Tests.Support;

/// <summary>The files of a store: from and to a zip archive, and as text.</summary>
internal static class StoreFiles
{
    public static byte[] Zip(AioTestDisk disk)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create))
        {
            foreach (var path in disk.Files)
            {
                var entry = zip.CreateEntry(path[1..], CompressionLevel.SmallestSize);
                entry.LastWriteTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = entry.Open();
                stream.Write(disk.ReadAllBytes(path));
            }
        }

        return bytes.ToArray();
    }

    public static AioTestDisk Unzip(byte[] archive)
    {
        var disk = new AioTestDisk { Alignment = 4096 };
        using var zip = new ZipArchive(new MemoryStream(archive));
        foreach (var entry in zip.Entries)
        {
            using var bytes = new MemoryStream();
            using var stream = entry.Open();
            stream.CopyTo(bytes);
            disk.WriteAllBytes("/" + entry.FullName, bytes.ToArray());
        }

        return disk;
    }

    /// <summary>Each record of a log's segments, a line each, from the batches alone.</summary>
    public static IEnumerable<string> Records(AioTestDisk disk, string folder)
    {
        var lines = new List<string>();
        LogEnd? end = null;
        foreach (var path in disk.Files.Where(path => path.StartsWith(folder + "/0", StringComparison.Ordinal)))
        {
            var bytes = disk.ReadAllBytes(path);
            if (SegmentHeader.Read(bytes, path) is not { } header)
            {
                continue;
            }

            lines.Add(Line($"segment {header.Number} {header.Kind} after {header.PreviousNumber}, epoch {header.Epoch}"));
            end = (end ?? new LogEnd(0, 0, header.FirstBatch, header.FirstOrdering, header.PreviousCrc)) with { Offset = header.BlockSize };
            end = SegmentScan.Visit(end.Value, bytes.AsSpan(header.BlockSize), header.Number, header.BlockSize, Add).At;
        }

        return lines;

        void Add(long segment, int block, in BatchHeader batch, ReadOnlySpan<byte> all)
        {
            lines.Add(
                Line($" batch {batch.Number} at block {block} epoch {batch.Epoch} durable {batch.DurableUpTo} records {batch.Records}"));
            var ordering = batch.FirstOrdering;
            for (var rest = all[BatchHeader.Size..batch.Used]; RecordView.TryRead(rest, out var record); rest = rest[record.Length..])
            {
                lines.Add(
                    Line($"  {ordering++} {record.Type} {record.SequenceNr} at {record.Ticks} of \"{Text(record.PersistenceId)}\" ") +
                    Line($"serializer {record.Serializer} \"{Text(record.Manifest)}\" adapter \"{Text(record.AdapterManifest)}\" ") +
                    Line($"writer \"{Text(record.Writer)}\" tags {record.Tags} {Convert.ToHexString(record.TagBytes)} ") +
                    Line($"payload {record.Payload.Length} {Crc32C.Of(record.Payload):x8}"));
            }
        }
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
