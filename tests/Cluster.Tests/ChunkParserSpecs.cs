using AkkaAio.Cluster.Protocol;
using CsCheck;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>What the parser of chunks reads is what protobuf's reads, of what protobuf writes and of anything else.</summary>
public sealed class ChunkParserSpecs
{
    [Fact]
    public void Every_chunk_is_read_as_it_was_written() => Gen.Select(Gen.Byte.Array[0, 70_000], Gen.UInt).Sample((data, crc) =>
    {
        var chunk = new Wire.Chunk { Data = ByteString.CopyFrom(data), Crc32C = crc };
        return ChunkParser.Parse(chunk.ToByteArray()).Equals(chunk);
    }, iter: 300);

    [Fact]
    public void Any_bytes_are_a_chunk_or_an_error_as_they_are_to_protobuf() =>
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Bool).Sample((bytes, begins) =>
        {
            if (begins && bytes.Length > 6)
            {
                (bytes[0], bytes[1], bytes[^5]) = (0x0A, (byte)(bytes.Length - 7), 0x15);
            }

            Assert.Equal(Try(Wire.Chunk.Parser.ParseFrom), Try(ChunkParser.Parse));

            object Try(Func<byte[], Wire.Chunk> parse)
            {
                try
                {
                    return parse([.. bytes]);
                }
                catch (InvalidProtocolBufferException)
                {
                    return "no chunk";
                }
            }
        }, iter: 20_000);
}
