using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using Xunit;

namespace AkkaAio.Persistence.Tests.Format;

/// <summary>What the code writes is, byte by byte, what docs/journal-format.md says.</summary>
public sealed class LayoutSpecs
{
    private const int Block = 4096;

    private static readonly Guid Store = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    private static readonly SegmentHeader Header = new()
    {
        Kind = LogKind.Snapshots,
        BlockSize = Block,
        ReaderFeatures = 0,
        WriterFeatures = 0x0A0B0C0D,
        OtherFeatures = 0x01020304,
        Store = Store,
        Number = 0x1112131415161718,
        Epoch = 0x2122232425262728,
        SegmentSize = 0x3132333435363738,
        FirstBatch = 0x4142434445464748,
        FirstOrdering = 0x5152535455565758,
        CreatedTicks = 0x6162636465666768,
        PreviousNumber = 0x7172737475767778,
        PreviousEnd = 0x0182838485868788,
        PreviousCrc = 0x91929394,
        Oldest = 0x0192939495969798,
    };

    [Fact]
    public void Crc32C_is_Castagnolis()
    {
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8)); // the check value of RFC 3720's polynomial
        Assert.Equal(Crc32C.Of("1234\0\0\0\09"u8), Crc32C.Around("123456789"u8, 4));
    }

    [Fact]
    public void The_checksum_of_bytes_is_known_by_that_of_what_is_before_them_and_that_of_all()
    {
        var bytes = new byte[100_000];
        new Random(1).NextBytes(bytes);
        foreach (var cut in (int[])[0, 1, 7, 4096, 8192, 99_999, 100_000])
        {
            var (before, all) = (Crc32C.Of(bytes.AsSpan(0, cut)), Crc32C.Of(bytes));
            Assert.Equal(Crc32C.Of(bytes.AsSpan(cut)), Crc32C.Shift(before, bytes.Length - cut) ^ all);
        }
    }

    [Fact]
    public void A_segment_header()
    {
        var block = new byte[Block];
        Array.Fill(block, (byte)0xFF);
        Header.Write(block);
        var expected = Fields(
            Block,
            (0, "AkkaAioL"u8.ToArray()), (8, Hex("0100")), (10, Hex("0200")), (16, Hex("00100000")),
            (20, Hex("00000000")), (24, Hex("0d0c0b0a")),
            (28, Hex("04030201")), (32, Hex("00112233445566778899aabbccddeeff")),
            (48, Hex("1817161514131211")), (56, Hex("2827262524232221")),
            (64, Hex("3837363534333231")), (72, Hex("4847464544434241")), (80, Hex("5857565554535251")), (88, Hex("6867666564636261")),
            (96, Hex("7877767574737271")), (104, Hex("8887868584838201")), (112, Hex("94939291")),
            (120, Hex("9897969594939201")));
        WithCrc(expected, 12, Block);
        Assert.Equal(expected, block);
        Assert.Equal(Header, SegmentHeader.Read(block, "path"));
    }

    [Fact]
    public void Any_change_of_a_segment_header_is_found()
    {
        var block = new byte[Block];
        Header.Write(block);
        foreach (var at in Enumerable.Range(0, Block))
        {
            block[at] ^= 1;
            if (at is 8 or 9)
            {
                // Before the checksum, which another version may have elsewhere.
                Assert.Throws<AioLogVersionException>(() => SegmentHeader.Read(block, "path"));
            }
            else
            {
                Assert.Null(SegmentHeader.Read(block, "path"));
            }

            block[at] ^= 1;
        }
    }

    [Fact]
    public void A_batch_with_a_record_of_each_field()
    {
        var record = new RecordFields
        {
            Type = RecordType.Event,
            SequenceNr = 0x1112131415161718,
            Ticks = 0x2122232425262728,
            Serializer = 0x31323334,
            PersistenceId = "idé",
            Manifest = "m",
            AdapterManifest = "ad",
            Writer = "wri",
            Tags = ["t", "tags"],
            Payload = "payload"u8,
        };
        var batch = new byte[Block];
        Array.Fill(batch, (byte)0xFF);
        var size = record.Write(batch.AsSpan(BatchHeader.Size));
        Assert.Equal(record.Size, size);
        var header = new BatchHeader
        {
            Length = Block,
            Used = BatchHeader.Size + size,
            Epoch = 0x4142434445464748,
            Number = 0x5152535455565758,
            DurableUpTo = 0x6162636465666768,
            FirstOrdering = 0x7172737475767778,
            Records = 1,
            PreviousCrc = 0x81828384,
            Ticks = 0x0192939495969798,
        };
        var crc = header.Seal(batch);
        var expected = Fields(
            Block,
            (0, "ALB1"u8.ToArray()), (8, Hex("00100000")), (12, Hex("82000000")),
            (16, Hex("4847464544434241")), (24, Hex("5857565554535251")),
            (32, Hex("6867666564636261")), (40, Hex("7877767574737271")), (48, Hex("01000000")),
            (52, Hex("84838281")), (56, Hex("9897969594939201")),
            (64, Hex("42000000")), (68, Hex("01")), (69, Hex("00")), (70, Hex("0200")),
            (72, Hex("1817161514131211")), (80, Hex("2827262524232221")),
            (88, Hex("34333231")), (92, Hex("0400")), (94, Hex("0100")), (96, Hex("0200")), (98, Hex("0300")), (100, Hex("07000000")),
            (104, Encoding.UTF8.GetBytes("idémadwripayload")), (121, Hex("0100")),
            (123, "t"u8.ToArray()), (124, Hex("0400")), (126, "tags"u8.ToArray()));
        WithCrc(expected, 4, Block);
        Assert.Equal(expected, batch);
        Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(batch.AsSpan(4)), crc);
        Assert.True(BatchHeader.TryRead(batch, Block, out var read) && read.IsIntact(batch));
        Assert.Equal(header with { Crc = crc }, read);
    }

    [Fact]
    public void A_record_type_is_its_number() => Assert.Equal(
        [(RecordType.Event, 1), (RecordType.Tombstone, 2), (RecordType.Snapshot, 3), (RecordType.State, 4)],
        Enum.GetValues<RecordType>().Select(type => (type, (int)type)));

    [Fact]
    public void A_persistence_ids_hash_is_XXH128_of_its_UTF8_as_a_little_endian_number()
    {
        var canonical = XxHash128.Hash(Encoding.UTF8.GetBytes("idé")); // big-endian, as XXH128 writes it
        var stored = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(stored, PersistenceIdHash.Of("idé"));
        Assert.Equal(canonical.Reverse(), stored);
    }

    [Fact]
    public void A_footerHeader()
    {
        var block = new byte[Block];
        var header = new FooterHeader(0x1112131415161718, 0x2122232425262728, 0x3132333435363738, 0x41424344, 0x51525354, 0x61626364);
        header.Write(block);
        var expected = Fields(
            Block,
            (0, "AkkaAioF"u8.ToArray()), (12, Hex("01000000")), (16, Hex("1817161514131211")), (24, Hex("2827262524232221")),
            (32, Hex("3837363534333231")), (40, Hex("44434241")), (44, Hex("54535251")), (48, Hex("64636261")));
        WithCrc(expected, 8, FooterHeader.Size);
        Assert.Equal(expected, block);
        Assert.Equal(header, FooterHeader.Read(block));
    }

    [Fact]
    public void A_footers_page()
    {
        var page = new byte[FooterPage.Size];
        var used = 0;
        var state = new PersistenceIdState { Hash = new UInt128(0x0102030405060708, 0x1112131415161718), Highest = 300 };
        EventPlace[] events = [new(200, 5, 64), new(300, 205, 1000)];
        Assert.Equal(2, FooterPage.Add(page, ref used, state, previous: 7, deletedTo: 199, events));
        FooterPage.Seal(page, used);

        // 300 = AC 02, 199 = C7 01, 200 = C8 01, 64 = 40; then 100 = 64, 200 = C8 01, 1000 = E8 07.
        var expected = Fields(
            FooterPage.Size,
            (4, Hex("2700")), (6, Hex("0100")), (8, Hex("18171615141312110807060504030201")), (24, Hex("07ac02c70102c801054064c801e807")));
        WithCrc(expected, 0, FooterPage.Size);
        Assert.Equal(expected, page);
        Assert.Equal(24 + 15, used);
    }

    // Each with a right checksum.
    [Theory]
    [InlineData(4, "0000")] // bytes in use: less than the page's own
    [InlineData(4, "0110")] // more than a page
    [InlineData(4, "1000")] // the hash is cut
    [InlineData(6, "0200")] // a second entry is not there
    [InlineData(27, "ffffffff7f")] // more events than an int can count
    [InlineData(28, "ffffffffffffffffff01")] // a sequence number below 0
    [InlineData(30, "ffffffff0f")] // a block above an int
    public void A_footers_page_that_says_what_cannot_be_is_damaged(int at, string bytes)
    {
        var page = new byte[FooterPage.Size];
        var used = 0;
        var state = new PersistenceIdState { Hash = 1, Highest = 1 };
        FooterPage.Add(page, ref used, state, previous: 0, deletedTo: 0, [new EventPlace(200, 5, 64)]);
        FooterPage.Seal(page, used + 16);
        Hex(bytes).CopyTo(page, at);
        BinaryPrimitives.WriteUInt32LittleEndian(page, Crc32C.Around(page, 0));
        Assert.Throws<InvalidDataException>(() =>
        {
            for (var reader = FooterPage.Read(page); reader.Next();)
            {
            }
        });
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static byte[] Fields(int size, params (int At, byte[] Bytes)[] fields)
    {
        var bytes = new byte[size];
        foreach (var (at, field) in fields)
        {
            field.CopyTo(bytes, at);
        }

        return bytes;
    }

    private static void WithCrc(byte[] bytes, int at, int length) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), Crc32C.Of(bytes.AsSpan(0, length)));
}
