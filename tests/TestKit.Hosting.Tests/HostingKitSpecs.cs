using Akka.Actor;
using Akka.Hosting;
using AkkaAio.Hosting;
using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Hosting.Tests;

// sample: hosting
public sealed class HostingKitSpecs : Akka.Hosting.TestKit.TestKit
{
    private readonly AioTestDisk _disk = new();

    protected override void ConfigureAkka(AkkaConfigurationBuilder builder, IServiceProvider provider) => builder
        .AddSetup(_disk.Setup)
        .WithAio()
        .WithActors((system, registry) => registry.Register<OrderLog>(
            system.ActorOf(Props.Create(() => new OrderLog("/orders.log")))));

    [Fact]
    public async Task An_order_that_cannot_be_written_is_not_acknowledged()
    {
        var log = ActorRegistry.Get<OrderLog>();
        using (_disk.Writes("orders.log").Fail(Errno.EIO))
        {
            log.Tell(new OrderLog.Append("first"));
            await ExpectMsgAsync<Status.Failure>();
        }

        log.Tell(new OrderLog.Append("second"));
        await ExpectMsgAsync(0L);
        await log.GracefulStop(TimeSpan.FromSeconds(5));
        await _disk.ExpectNoLeaks(Sys);
    }
}
// end
