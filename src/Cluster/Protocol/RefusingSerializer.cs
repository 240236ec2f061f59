using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace AkkaAio.Cluster.Protocol;

/// <summary>
/// Takes the place of Akka's JSON serializer, whose envelopes name a .NET type to be made: here they make none. A message that has no
/// serializer of its own cannot be sent to another node, and says so.
/// </summary>
public sealed class RefusingSerializer : Serializer
{
    /// <summary>Made by Akka, from <c>akka.actor.serializers.json</c>.</summary>
    public RefusingSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <summary>Made by Akka where <c>akka.actor.serialization-settings</c> has a section for it, as it has for <c>json</c>.</summary>
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : this(system) => _ = settings;

    /// <summary>That of Akka's JSON serializer.</summary>
    public override int Identifier => 1;

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) =>
        throw new SerializationException($"{obj.GetType()} has no serializer, and the JSON serializer is switched off on this node");

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type) =>
        throw new SerializationException("a message in Akka's JSON format was refused: it is switched off on this node");
}
