using Akka.Actor;
using Akka.Serialization;
using AkkaAio.Cluster.Protocol;

namespace AkkaAio.Cluster.Tests;

/// <summary>Any bytes under any manifest, sent as a message of the cluster protocol.</summary>
public sealed record Garbled(string Name, byte[] Bytes);

/// <summary>The cluster protocol's serializer, which sends <see cref="Garbled"/> too.</summary>
internal sealed class GarbledSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private readonly ClusterSerializer _ours = new(system);

    public override int Identifier => ClusterSerializer.Id;

    public override string Manifest(object o) => o is Garbled garbled ? garbled.Name : _ours.Manifest(o);

    public override byte[] ToBinary(object obj) => obj is Garbled garbled ? garbled.Bytes : _ours.ToBinary(obj);

    public override object FromBinary(byte[] bytes, string manifest) => _ours.FromBinary(bytes, manifest);
}
