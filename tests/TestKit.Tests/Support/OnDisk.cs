using Akka.Actor;
using Akka.Actor.Setup;
using Microsoft.Extensions.Time.Testing;

namespace AkkaAio.TestKit.Tests.Support;

/// <summary>An actor system on a disk, whose clock the test moves. Nothing may be left after each test.</summary>
public abstract class OnDisk : IAsyncLifetime
{
    protected const int Block = 4096;

    /// <summary>Bounds what should come at once.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const string Config = "akka { loglevel = OFF, stdout-loglevel = OFF, io.aio { shards = 1, depth = 64 } }";

    protected OnDisk()
        : this(seed: 1)
    {
    }

    protected OnDisk(int seed)
    {
        Disk = new AioTestDisk { Time = Clock, Seed = seed };
        System = NewSystem(Disk);
    }

    protected FakeTimeProvider Clock { get; } = new();

    protected AioTestDisk Disk { get; }

    protected ActorSystem System { get; }

    protected AioExt Aio => AioExt.Get(System);

    protected static AioOpenOptions New { get; } = new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite };

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await System.Terminate().WaitAsync(Patience);
        await Disk.ExpectNoLeaks(System);
    }

    protected static ActorSystem NewSystem(AioTestDisk disk) =>
        ActorSystem.Create("test", ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(Config), disk.Setup));

    /// <summary>A file of so many blocks, each full of its number plus 1.</summary>
    protected Task<AioFile> OpenBlocks(string path, int blocks, AioOpenOptions? options = null)
    {
        Disk.WriteAllBytes(path, BlocksOf(Enumerable.Range(1, blocks)));
        return Aio.OpenAsync(path, options ?? new() { Access = FileAccess.ReadWrite });
    }

    protected static byte[] BlocksOf(IEnumerable<int> fills) => [.. fills.SelectMany(fill => Enumerable.Repeat((byte)fill, Block))];

    protected static byte[] BlockOf(int fill) => BlocksOf([fill]);

    protected static async Task<Errno> ErrnoOf(Func<Task> action) => (await Assert.ThrowsAsync<AioSystemException>(action)).Errno;

    protected static async Task<Errno> ErrnoOf(ValueTask task) => await ErrnoOf(task.AsTask);

    protected static async Task<Errno> ErrnoOf<T>(ValueTask<T> task) => await ErrnoOf(task.AsTask);
}
