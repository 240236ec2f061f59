using Akka.Actor;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Barriers;

/// <summary>A disk with some room left: what fits is written.</summary>
public sealed class FullDiskSpecs
{
    private const int Block = 4096;

    [Fact]
    public async Task An_append_that_does_not_fit_fails_and_a_shorter_one_told_with_it_is_written()
    {
        var engine = new WatchedEngine { Room = 1 << 20 };
        var system = ActorSystem.Create("full", Akka.Actor.Setup.ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(AioTestKit.ConfigOf("")), new AioSetup(engine)));
        var file = await AioExt.Get(system).OpenAsync(
            "/full", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Required });
        var replies = new Replies(system);
        var far = new Aio.Write(file, new byte[Block], 2 << 20);
        var near = Enumerable.Range(0, 10).Select(i => new Aio.Write(file, new byte[Block], i * Block)).ToArray();
        system.Aio().Tell(new Aio.Batch([far, .. near]), replies);

        var failed = await replies.Of<Aio.CommandFailed>(far);
        Assert.Equal(Errno.ENOSPC, Assert.IsType<AioSystemException>(failed.Cause).Errno);
        Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
        foreach (var write in near)
        {
            await replies.Of<Aio.WriteCompleted>(write);
        }

        Assert.Equal(10 * Block, file.Length);
        await system.Terminate().WaitAsync(Patience.Long);
    }

    [Fact]
    public async Task What_a_buffered_write_has_written_before_the_disk_was_full_is_part_of_the_file()
    {
        const int Room = 100 << 10;
        var engine = new WatchedEngine { Room = Room };
        var system = ActorSystem.Create("short", Akka.Actor.Setup.ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(AioTestKit.ConfigOf("")), new AioSetup(engine)));
        var file = await AioExt.Get(system).OpenAsync(
            "/short", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Off });
        var replies = new Replies(system);
        var failed = await replies.Do<Aio.CommandFailed>(new Aio.Write(file, new byte[1 << 20], 0));

        Assert.Equal(Room, Assert.IsType<AioShortWriteException>(failed.Cause).Written);
        Assert.Equal(AioOutcome.MayHaveHappened, failed.Outcome);
        Assert.Equal(Room, file.Length);
        using (var read = await file.RentReadAsync(Room - 10, 1000))
        {
            Assert.Equal(10, read.Length);
        }

        Assert.Equal(Room, engine.Inner.ReadAllBytes("/short").Length);
        await system.Terminate().WaitAsync(Patience.Long);
    }
}
