using Akka.Streams;
using Akka.Streams.Stage;

namespace AkkaAio.Streams.Stages;

/// <summary>Writes bytes to a file in their order of arrival, several blocks at once.</summary>
/// <param name="target">What to write to.</param>
/// <param name="settings">How.</param>
internal sealed class WriteStage(AioFileTarget target, AioWriteSettings settings)
    : GraphStageWithMaterializedValue<SinkShape<ReadOnlyMemory<byte>>, IAioSinkControl>
{
    public Inlet<ReadOnlyMemory<byte>> In { get; } = new("AioSink.in");

    public AioFileTarget Target => target;

    public AioWriteSettings Settings => settings;

    public override SinkShape<ReadOnlyMemory<byte>> Shape => new(In);

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("aioSink");

    public override ILogicAndMaterializedValue<IAioSinkControl> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        var control = new SinkControl();
        return new LogicAndMaterializedValue<IAioSinkControl>(new WriteLogic(this, control), control);
    }

    public override string ToString() => $"AioSink({target})";
}
