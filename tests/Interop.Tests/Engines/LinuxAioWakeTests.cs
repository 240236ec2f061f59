using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;
using static AkkaAio.Interop.Tests.EngineRig;

namespace AkkaAio.Interop.Tests;

/// <summary>
/// A wake while operations are in flight that do not end, as on a stuck device: their events are taken away by another reader of the ring.
/// </summary>
[Collection(nameof(MachineWide))]
public sealed class LinuxAioWakeTests : IDisposable
{
    private const int Depth = 8;
    private const int SizeOfEvent = 32;

    private readonly LinuxAioRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(Depth)]
    public async Task A_wake_ends_the_wait_for_as_many_events_as_are_in_flight(int minNr)
    {
        var file = _rig.File(new byte[Depth * Block]);
        using var context = new LinuxAioContext(Depth);
        context.SubmitAll([.. Enumerable.Range(0, Depth).Select(slot => Io.Read(slot, file, _rig.Buffer(), slot * Block))]);
        var events = new byte[Depth * SizeOfEvent];
        Assert.Equal(Depth, GetEvents(SyscallTable.Current.IoGetEvents, context.Id, Depth, Depth, events, 0));

        var reap = new BlockedCall<int>(() => context.Reap(new IoCompletion[Depth], minNr, Timeout.InfiniteTimeSpan));
        await reap.UntilAsleep();
        context.Wake();

        Assert.Equal(0, await reap.Result);
    }

    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static extern nint GetEvents(nint number, nint context, nint minNr, nint nr, byte[] events, nint timeout);
}
