using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace AkkaAio.Cluster.Protocol;

/// <summary>
/// The protobuf messages of <c>akkaaio_cluster.proto</c>, each with a manifest of its own. docs/cluster-protocol.md lists them. Bytes that
/// are no message of ours become <see cref="UnknownMessage"/>, and create no other object.
/// </summary>
internal sealed class ClusterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public const int Id = 4101;

    public const string RequestManifest = "q1";
    public const string ReplyManifest = "p1";
    public const string ChunkManifest = "c1";

    public override int Identifier => Id;

    public override string Manifest(object o) => o switch
    {
        Wire.Request => RequestManifest,
        Wire.Reply => ReplyManifest,
        Wire.Chunk => ChunkManifest,
        UnknownMessage unknown => unknown.Manifest,
        _ => throw new ArgumentException($"{o.GetType()} is no message of the cluster protocol", nameof(o)),
    };

    public override byte[] ToBinary(object obj) => obj switch
    {
        IMessage message => message.ToByteArray(),
        UnknownMessage => [], // forwarded by a node that does not know it either
        _ => throw new ArgumentException($"{obj.GetType()} is no message of the cluster protocol", nameof(obj)),
    };

    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return manifest switch
            {
                RequestManifest => Wire.Request.Parser.ParseFrom(bytes),
                ReplyManifest => Wire.Reply.Parser.ParseFrom(bytes),
                ChunkManifest => ChunkParser.Parse(bytes),
                _ => new UnknownMessage(manifest),
            };
        }
        catch (InvalidProtocolBufferException e)
        {
            return new UnknownMessage($"{manifest}: {e.Message}");
        }
    }
}
