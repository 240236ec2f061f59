using AkkaAio.Interop.Engines;

namespace AkkaAio.Interop.Tests;

/// <summary>What must hold for every engine that moves data; one line below for each.</summary>
public abstract partial class EngineConformance : QueueConformance
{
    private protected EngineConformance(EngineRig rig)
        : base(rig)
    {
    }

    private const int FullDepth = 64;

    /// <summary>Direct and buffered: also an engine that blocks on buffered files must do what it is told.</summary>
    public static TheoryData<DirectIo> Modes { get; } = [DirectIo.Required, DirectIo.Off];

    /// <summary>Results by slot, whether an engine refuses an operation as it is submitted or lets it complete with the error.</summary>
    private static Dictionary<int, long> ResultsOf(IIoContext context, params ReadOnlySpan<IoRequest> requests)
    {
        var refused = new Dictionary<int, long>();
        var inFlight = 0;
        while (!requests.IsEmpty)
        {
            var (accepted, error) = context.Submit(requests);
            inFlight += accepted;
            if (error != Errno.None)
            {
                Assert.Equal(0, accepted);
                refused.Add(requests[0].Slot, -(long)error);
                accepted = 1;
            }

            Assert.NotEqual(0, accepted);
            requests = requests[accepted..];
        }

        var results = context.ReapAll(inFlight);
        foreach (var (slot, result) in refused)
        {
            results.Add(slot, result); // throws for one that was refused and performed all the same
        }

        return results;
    }
}

public sealed class LinuxAioConformance() : EngineConformance(new LinuxAioRig());

public sealed class IoUringConformance() : EngineConformance(new IoUringRig());

public sealed class PosixAioConformance() : EngineConformance(new PosixAioRig());

public sealed class MemoryConformance() : EngineConformance(new MemoryRig());

public sealed class ThreadPoolConformance() : EngineConformance(new ThreadPoolRig());
