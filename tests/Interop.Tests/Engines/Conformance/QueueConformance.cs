using AkkaAio.Interop.Engines;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>What must hold for the queue of every engine, whether it moves data or not.</summary>
public abstract partial class QueueConformance : IDisposable
{
    private const int Depth = 16;

    private readonly IIoContext _context;
    private readonly IIoFile _file;
    private readonly AioBuffer _buffer;

    private protected QueueConformance(EngineRig rig)
    {
        Rig = rig;
        _context = rig.Context(Depth);
        _file = rig.File(new byte[Block], name: "queue");
        _buffer = rig.Buffer();
    }

    private protected EngineRig Rig { get; }

    public void Dispose()
    {
        Rig.Dispose();
        GC.SuppressFinalize(this);
    }

    private void SubmitFirst(int count) => Submit([.. Enumerable.Range(0, count)]);

    private void Submit(params int[] slots) => _context.SubmitAll([.. slots.Select(slot => Io.Read(slot, _file, _buffer))]);
}

public sealed class NullConformance() : QueueConformance(new NullRig());
