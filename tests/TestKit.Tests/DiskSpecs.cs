using Akka.Actor;
using Akka.Actor.Setup;

namespace AkkaAio.TestKit.Tests;

/// <summary>A disk in memory, in a plain test: no kit of Akka is needed.</summary>
public sealed class DiskSpecs
{
    [Fact]
    public async Task What_one_actor_system_writes_the_next_one_reads()
    {
        var disk = new AioTestDisk();
        await InSystem(disk, async aio =>
        {
            await using var file = await aio.OpenAsync("/orders.log", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite });
            await file.WriteAsync(new byte[4096], offset: 0);
        });
        await InSystem(disk, async aio =>
        {
            await using var file = await aio.OpenAsync("/orders.log");
            Assert.Equal(4096, file.Length);
        });
        Assert.Equal(["/orders.log"], disk.Files);
        Assert.Equal(new byte[4096], disk.ReadAllBytes("/orders.log"));
    }

    [Fact]
    public async Task A_relative_path_is_that_of_the_working_folder_as_on_a_real_disk()
    {
        var disk = new AioTestDisk();
        disk.WriteAllBytes("orders.log", [1]);
        await InSystem(disk, async aio =>
        {
            await using var file = await aio.OpenAsync(Path.Combine(Environment.CurrentDirectory, "x", "..", "orders.log"));
            Assert.Equal(Path.GetFullPath("orders.log"), file.Path);
            await aio.RenameAsync("orders.log", "old.log");
        });
        Assert.Equal([Path.GetFullPath("old.log")], disk.Files);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    public async Task Its_alignment_is_that_of_direct_files(int alignment)
    {
        var disk = new AioTestDisk { Alignment = alignment };
        await InSystem(disk, async aio =>
        {
            disk.WriteAllBytes("/a", new byte[4096]);
            await using var file = await aio.OpenAsync("/a", new() { Direct = DirectIo.Required });
            Assert.Equal(alignment, file.OffsetAlignment);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(8192)]
    public void An_alignment_that_no_disk_has_is_refused_with_its_value(int alignment)
    {
        var refusal = Assert.Throws<ArgumentOutOfRangeException>(() => new AioTestDisk { Alignment = alignment });
        Assert.Equal(alignment, refusal.ActualValue);
    }

    private static async Task InSystem(AioTestDisk disk, Func<AioExt, Task> test)
    {
        using var system = ActorSystem.Create("test", ActorSystemSetup.Empty.And(disk.Setup));
        await test(AioExt.Get(system));
        await system.Terminate();
    }
}
