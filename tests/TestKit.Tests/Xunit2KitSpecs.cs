using Akka.Actor;
using Akka.Actor.Setup;
using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests;

// sample: xunit2
public sealed class Xunit2KitSpecs : Akka.TestKit.Xunit2.TestKit
{
    private readonly AioTestDisk _disk;

    public Xunit2KitSpecs()
        : this(new AioTestDisk())
    {
    }

    private Xunit2KitSpecs(AioTestDisk disk)
        : base(ActorSystemSetup.Empty.And(disk.Setup)) => _disk = disk;

    [Fact]
    public async Task An_order_that_cannot_be_written_is_not_acknowledged()
    {
        var log = Sys.ActorOf(Props.Create(() => new OrderLog("/orders.log")));
        log.Tell(new OrderLog.Append("first"));
        await ExpectMsgAsync(0L);
        using (_disk.Writes("orders.log").Times(1).Fail(Errno.EIO))
        {
            log.Tell(new OrderLog.Append("second"));
            await ExpectMsgAsync<Status.Failure>();
        }

        log.Tell(new OrderLog.Append("third"));
        await ExpectMsgAsync(1L);
        await log.GracefulStop(TimeSpan.FromSeconds(5)); // its file is closed with it
        await _disk.ExpectNoLeaks(Sys);
    }
}
// end
