using AkkaAio.Demo.Benching;

namespace AkkaAio.Demo.Tests.Benching;

public sealed class ResourceUsageSpecs
{
    [Fact]
    public void What_this_process_does_is_counted()
    {
        var before = ResourceUsage.Read();
        var end = before.User + TimeSpan.FromMilliseconds(50);
        Assert.True(SpinWait.SpinUntil(() => ResourceUsage.Read().User >= end, TimeSpan.FromSeconds(30)));
        Thread.Sleep(1); // one switch, at least

        var after = ResourceUsage.Read();

        Assert.True(after.System >= before.System);
        Assert.True(after.ContextSwitches > before.ContextSwitches);
        Assert.InRange(after.User + after.System, before.User, Environment.CpuUsage.TotalTime + TimeSpan.FromSeconds(1));
    }
}
