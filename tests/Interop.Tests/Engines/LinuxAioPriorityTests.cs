using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>That a request's priority reaches the kernel: it refuses one of a class that does not exist.</summary>
[Collection(nameof(MachineWide))]
public sealed class LinuxAioPriorityTests : IDisposable
{
    private const int BestEffort = 2 << 13;
    private const int Idle = 3 << 13;
    private const int NoSuchClass = 7 << 13;

    private readonly LinuxAioRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(0, Errno.None)]
    [InlineData(BestEffort, Errno.None)]
    [InlineData(Idle, Errno.None)]
    [InlineData(NoSuchClass, Errno.EINVAL)]
    public void The_kernel_gets_the_priority_of_a_request(int priority, Errno expected)
    {
        var file = _rig.File(new byte[Block]);
        using var context = new LinuxAioContext(1);
        IoRequest[] requests = [Io.Read(0, file, _rig.Buffer(), 0) with { Priority = (ushort)priority }];
        Assert.Equal(expected, context.Submit(requests).Error);
    }
}
