using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests;

/// <summary>The recipe of docs/appending.md, on files as a crash may leave them.</summary>
public sealed class AppendingSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.LinuxAio, "", output)
{
    private const int Sector = 512;

    public static TheoryData<string> Tails { get; } =
        [
            "nothing", "zeros", "a torn record", "its first sector", "all but its last sector", "a whole record behind a hole",
            "a length of 1 GiB",
        ];

    [SkippableTheory]
    [MemberData(nameof(Tails))]
    public async Task What_is_appended_after_a_crash_is_found_and_all_that_was_before_it(string tail)
    {
        var path = NewPath();
        byte[][] before = [Record(Pattern(100, 1)), Record(Pattern(5000, 2)), Record(Pattern(1, 3))];
        await File.WriteAllBytesAsync(path, [.. before.SelectMany(record => record), .. TailOf(tail)]);

        // One fills the hole: what was whole behind it would be found again, and was never acknowledged.
        byte[][] after = [Record(Pattern(1000, 4)), Record(Pattern(2000, 5))];
        foreach (var record in after)
        {
            var (file, end) = await OpenLogAsync(Ext, path);
            await file.WriteAsync(record, end);
            await file.FlushAsync();
            await file.DisposeAsync();
            await AssertFinds(path, [.. before, .. after.TakeWhile(other => other != record), record]);
        }
    }

    [SkippableFact]
    public async Task A_log_that_is_not_there_is_made()
    {
        var (file, end) = await OpenLogAsync(Ext, NewPath());
        Assert.Equal(0, end);
        await file.WriteAsync(Record(Pattern(10)), end);
        await file.DisposeAsync();
        await AssertFinds(file.Path, [Record(Pattern(10))]);
    }

    [Fact]
    public void The_page_shows_the_sample_that_is_run_here() => Samples.AssertShows("appending", "docs/appending.md", SourcePath());

    private static byte[] TailOf(string what)
    {
        var record = Record(Pattern(9000, 6));
        return what switch
        {
            "zeros" => new byte[5 * Block],
            "a torn record" => [.. record[..(9 * Sector)], .. new byte[Sector], .. record[(10 * Sector)..]],
            "its first sector" => [.. record[..Sector], .. new byte[record.Length - Sector]],
            "all but its last sector" => record[..^Sector],
            "a whole record behind a hole" => [.. new byte[Block], .. record],
            "a length of 1 GiB" => [.. new byte[32], .. BitConverter.GetBytes(1 << 30), .. new byte[Block - 36]],
            _ => [],
        };
    }

    // By other means than the sample's.
    private static async Task AssertFinds(string path, byte[][] records)
    {
        var content = await File.ReadAllBytesAsync(path);
        var at = 0;
        foreach (var record in records)
        {
            Assert.True(at + record.Length <= content.Length, $"{content.Length} bytes");
            Assert.Equal(record, content[at..(at + record.Length)]);
            at += record.Length;
        }

        Assert.Equal(at, content.Length);
    }

    private static string SourcePath([CallerFilePath] string path = "") => path;

    // sample: appending
    private const int Unit = 4096; // writes on a direct file are aligned; 4096 suits every device
    private const int MaxRecord = 1 << 20;

    // A record: a checksum over all that follows, its length, which is never zero, and the data.
    public static byte[] Record(ReadOnlySpan<byte> data)
    {
        var record = new byte[(32 + 4 + data.Length + Unit - 1) / Unit * Unit];
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(32), record.Length);
        data.CopyTo(record.AsSpan(36));
        SHA256.HashData(record.AsSpan(32), record);
        return record;
    }

    // Append at End, and add the record's length to it.
    public static async Task<(AioFile File, long End)> OpenLogAsync(AioExt aio, string path)
    {
        var file = await aio.OpenAsync(path, new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite });
        var end = 0L;
        while (await LengthOfRecordAsync(file, end) is > 0 and var length)
        {
            end += length;
        }

        await file.SetLengthAsync(end);
        await file.FlushAsync();
        return (file, end);
    }

    // 0: there is no whole record at the offset.
    private static async Task<int> LengthOfRecordAsync(AioFile file, long offset)
    {
        using var first = await file.RentReadAsync(offset, Unit);
        var length = first.Length < Unit ? 0 : BinaryPrimitives.ReadInt32LittleEndian(first.GetSpan()[32..]);
        if (length is <= 0 or > MaxRecord || length % Unit != 0)
        {
            return 0;
        }

        using var record = await file.RentReadAsync(offset, length);
        return record.Length == length && SHA256.HashData(record.GetSpan()[32..]).AsSpan().SequenceEqual(record.GetSpan()[..32])
            ? length
            : 0;
    }
    // end
}
