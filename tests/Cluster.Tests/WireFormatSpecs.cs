using AkkaAio.Cluster.Protocol;
using Google.Protobuf;

namespace AkkaAio.Cluster.Tests;

/// <summary>
/// The bytes of every message of version 1, as they were when it was made (<c>wire-version-1.txt</c>): nodes of a later version read them,
/// and write the same. A line is never changed; what is new gets a line of its own.
/// </summary>
public sealed class WireFormatSpecs
{
    private static readonly ByteString Id = ByteString.CopyFrom([.. Enumerable.Range(1, 16).Select(i => (byte)i)]);
    private static readonly ByteString Bytes = ByteString.CopyFromUtf8("abc");

    private static readonly Dictionary<string, IMessage> Messages = new()
    {
        ["open"] = Of(new() { Open = new Wire.OpenFile { Kind = Wire.Kind.Log, Create = true, Exclusive = true } }),
        ["open-new-id"] = Of(new() { Open = new Wire.OpenFile { Kind = Wire.Kind.Log, Create = true, Exclusive = true, NewId = Id } }),
        ["read-at"] = Of(new() { ReadAt = new Wire.ReadAt { Offset = 1L << 40, Length = 65536 } }),
        ["write-at"] = Of(new() { WriteAt = new Wire.WriteAt { Offset = 300, Data = Bytes, Durable = true } }),
        ["append-at"] = Of(
            new() { AppendAt = new Wire.AppendAt { ExpectedEnd = 300, Data = Bytes, Durable = true, IsFirst = true, Writer = Id } }),
        ["truncate"] = Of(new() { Truncate = new Wire.Truncate { ExpectedEnd = 300, NewEnd = 7 } }),
        ["flush"] = Of(new() { Flush = new Wire.Flush { Since = 1UL << 40 } }),
        ["get-stat"] = Of(new() { GetStat = new Wire.GetStat() }),
        ["delete"] = Of(new() { Delete = new Wire.DeleteFile() }),
        ["list"] = Of(new() { List = new Wire.ListFiles { Prefix = "a/", After = "a/b", Most = 1000 } }),
        ["open-read"] = Of(new() { OpenRead = new Wire.OpenRead { Offset = 5, Length = 6 } }),
        ["open-write"] = Of(new() { OpenWrite = new Wire.OpenWrite { Offset = 5, Durable = true } }),
        ["opened"] = new Wire.Reply
        {
            Opened = new Wire.FileOpened { FileId = Id, Epoch = 1UL << 40, End = 300, Kind = Wire.Kind.Log, Credit = 4 << 20 },
        },
        ["data"] = new Wire.Reply { Data = new Wire.Data { Data_ = Bytes } },
        ["done"] = new Wire.Reply { Done = new Wire.Done { End = 300 } },
        ["wrong-end"] = new Wire.Reply { WrongEnd = new Wire.WrongEnd { End = 300 } },
        ["moved"] = new Wire.Reply { Moved = new Wire.Moved { FileId = Id, Epoch = 9 } },
        ["stat"] = new Wire.Reply
        {
            Stat = new Wire.Stat
            {
                Length = 1,
                Kind = Wire.Kind.Plain,
                FileId = Id,
                Epoch = 2,
                IsOpen = true,
                Free = 3,
                Size = 4,
                OpenFiles = 5,
            },
        },
        ["names"] = new Wire.Reply { Names = new Wire.Names { Names_ = { "a", "ä/b" }, More = true } },
        ["failure"] = new Wire.Reply
        {
            Failure = new Wire.Failure
            {
                Kind = Wire.FailureKind.FailureLost,
                Message = "why",
                MayHaveHappened = true,
                Errno = 28,
                MakeEpoch = 9,
            },
        },
        ["unsupported"] = new Wire.Reply { Unsupported = new Wire.Unsupported { Manifest = "q2" } },
        ["stream"] = new Wire.Reply { Stream = new Wire.StreamOffered { StreamRef = Bytes, Serializer = 30, Manifest = "F", Node = "n" } },
        ["chunk"] = new Wire.Chunk { Data = Bytes, Crc32C = 0x364B3FB7 },
    };

    public static TheoryData<string> Names => [.. Messages.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Bytes_of_version_1_are_read_and_written_as_they_were(string name)
    {
        var message = Messages[name];
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "wire-version-1.txt"))
            .Where(line => !line.StartsWith('#')).Select(line => line.Split(' ')).ToDictionary(parts => parts[0], parts => parts[1]);
        Assert.True(lines.TryGetValue(name, out var hex), $"missing: {name} {Convert.ToHexStringLower(message.ToByteArray())}");
        Assert.Equal(message, message.Descriptor.Parser.ParseFrom(Convert.FromHexString(hex)));
        Assert.Equal(hex, Convert.ToHexStringLower(message.ToByteArray()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_field_that_is_not_known_is_kept(string name)
    {
        var bytes = Messages[name].ToByteArray().Concat(new byte[] { 0xBA, 0x3E, 3, 9, 8, 7 }).ToArray(); // field 999, 3 bytes
        Assert.Equal(bytes, Messages[name].Descriptor.Parser.ParseFrom(bytes).ToByteArray());
        if (name == "chunk")
        {
            Assert.Equal(bytes, ChunkParser.Parse([.. bytes]).ToByteArray());
        }
    }

    // So that a field that is new gets its bytes here, too.
    [Fact]
    public void Every_field_of_every_message_is_among_them()
    {
        var seen = new HashSet<string>();
        foreach (var message in Messages.Values)
        {
            See(message);
        }

        var all = Wire.Request.Descriptor.File.MessageTypes
            .SelectMany(type => type.Fields.InFieldNumberOrder())
            .Select(field => field.FullName);
        Assert.Empty(all.Except(seen));

        void See(IMessage message)
        {
            foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
            {
                var value = field.Accessor.GetValue(message);
                if (value is null or 0 or 0L or 0U or 0UL or false or "" or ByteString { IsEmpty: true } ||
                    (value is Enum && Convert.ToInt32(value) == 0))
                {
                    continue;
                }

                seen.Add(field.FullName);
                if (value is IMessage inner)
                {
                    See(inner);
                }
            }
        }
    }

    private static Wire.Request Of(Wire.Request request)
    {
        (request.File, request.FileId, request.Epoch, request.Client, request.Number) =
            ("0123456789abcdef0123456789abcdef/a", Id, 1UL << 40, Id, 77);
        return request;
    }
}
