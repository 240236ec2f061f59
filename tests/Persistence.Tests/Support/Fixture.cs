using System.Text;
using Akka.Actor;
using Akka.Persistence.Journal;
using Akka.Serialization;
using Xunit;

namespace AkkaAio.Persistence.Tests.Support;

/// <summary>What the specs of the contract run with: as it is, and derived.</summary>
public class Fixture
{
    /// <summary>In front of a spec's own.</summary>
    public virtual string Hocon => "";

    /// <summary>An event, as an actor persists it.</summary>
    public virtual object Event(string text) => text;

    /// <summary>The manifest that is stored of an event whose representation has one.</summary>
    public virtual string ManifestOf(string given) => given;

    /// <summary>Events of other ids that are written just before each write of a spec: id, sequence number, event.</summary>
    public virtual IEnumerable<(string Id, long SequenceNr, object Event)[]> Beside(int write) => [];
}

/// <summary>A serializer that asks for the transport's information, a write and a read adapter, tags.</summary>
public class AdaptersAndTransport : Fixture
{
    public override string Hocon => """
        akka.actor {
          serializers.asking = "AkkaAio.Persistence.Tests.Support.AskingSerializer, AkkaAio.Persistence.Tests"
          serialization-bindings."AkkaAio.Persistence.Tests.Support.Spoken, AkkaAio.Persistence.Tests" = asking
          serialization-identifiers."AkkaAio.Persistence.Tests.Support.AskingSerializer, AkkaAio.Persistence.Tests" = 4711
        }
        akka.persistence.journal.aio {
          event-adapters.spoken = "AkkaAio.Persistence.Tests.Support.SpokenAdapter, AkkaAio.Persistence.Tests"
          event-adapter-bindings."AkkaAio.Persistence.Tests.Support.Said, AkkaAio.Persistence.Tests" = spoken
          event-adapter-bindings."AkkaAio.Persistence.Tests.Support.Spoken, AkkaAio.Persistence.Tests" = spoken
        }

        """;

    public override object Event(string text) => new Said(text);

    public override string ManifestOf(string given) => "spoken";
}

/// <summary>Snapshots of a serializer that asks for the transport's information. Adapters are for events.</summary>
public sealed class AskingSnapshots : AdaptersAndTransport
{
    public override object Event(string text) => new Spoken(text);
}

/// <summary>Another actor writes beside each of the spec's writes, and the second of its three events is rejected.</summary>
public sealed class BesideRejections : Fixture
{
    public override IEnumerable<(string Id, long SequenceNr, object Event)[]> Beside(int write) =>
        [[($"rejected-{write}", 1, "stored"), ($"rejected-{write}", 2, new Unserializable()), ($"rejected-{write}", 3, "stored")]];
}

/// <summary>A thousand other actors write before the first of the spec's writes, and some of them before each later one.</summary>
public sealed class BesideAThousandIds : Fixture
{
    public override IEnumerable<(string Id, long SequenceNr, object Event)[]> Beside(int write) =>
        Enumerable.Range(0, write == 1 ? 1000 : 10).Select(i => new[] { ($"other-{i}", (long)write, (object)"event") });
}

/// <summary>What an actor persists.</summary>
public sealed record Said(string Text);

/// <summary>What is stored of it.</summary>
public sealed record Spoken(string Text);

/// <summary>Stores what was said, tagged. Of "twice" it makes two when it is read, of "never" none.</summary>
internal sealed class SpokenAdapter : IEventAdapter
{
    public string Manifest(object evt) => "spoken";

    public object ToJournal(object evt) => new Tagged(new Spoken(((Said)evt).Text), ["loud", "clear"]);

    public IEventSequence FromJournal(object evt, string manifest) => (manifest, evt) switch
    {
        ("spoken", Spoken("twice")) => EventSequence.Create(new Said("twice"), new Said("twice")),
        ("spoken", Spoken("never")) => EventSequence.Empty,
        ("spoken", Spoken spoken) => EventSequence.Single(new Said(spoken.Text)),
        _ => EventSequence.Single(evt),
    };
}

/// <summary>A serializer that writes with the transport's information, as those of messages with actor refs do.</summary>
internal sealed class AskingSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override string Manifest(object o) => "v1";

    public override byte[] ToBinary(object obj)
    {
        Assert.NotNull(Serialization.GetCurrentTransportInformation().System);
        return Encoding.UTF8.GetBytes(((Spoken)obj).Text);
    }

    public override object FromBinary(byte[] bytes, string manifest) => manifest == "v1"
        ? new Spoken(Encoding.UTF8.GetString(bytes))
        : throw new InvalidOperationException(manifest);
}

/// <summary>Json.NET calls the getter.</summary>
internal sealed class Unserializable
{
    private readonly string _text = "no way";

    public string Value => throw new InvalidOperationException(_text);
}
