using System.Collections.Concurrent;
using Akka.Actor;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

/// <summary>Dsync reaches the kernel with every kind of write, and with no other.</summary>
public sealed class DsyncSpecs : AioTestKit
{
    private readonly ConcurrentQueue<IoRequest> _writes = new();

    public DsyncSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, "", output) => Engine.OnOperation = (in request) =>
    {
        if (request.Opcode == IoOpcode.Write)
        {
            _writes.Enqueue(request);
        }

        return default;
    };

    [Theory]
    [InlineData(AioDurability.Dsync, RwFlags.DSync)]
    [InlineData(AioDurability.None, RwFlags.None)]
    public async Task Each_write_of_a_direct_file_carries_the_flag(AioDurability durability, object expected)
    {
        var file = await NewFile(8 * Block);
        using var aligned = Pool.Rent(Block);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0) { Durability = durability });
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, aligned, Block) { Durability = durability });
        await Replies.Do<Aio.WriteVCompleted>(
            new Aio.WriteV(file, [new byte[Block], new byte[Block]], 2 * Block) { Durability = durability });
        await file.WriteAsync(new byte[Block], 4 * Block, durability);
        await file.WriteAsync([new byte[Block], new byte[Block]], 5 * Block, durability);
        await file.WriteAsync(new byte[Block], 8 * Block, durability); // makes the file longer
        Assert.Equal(6, _writes.Count);
        Assert.All(_writes, write => Assert.Equal(expected, write.Flags));
    }

    [Fact]
    public async Task The_rest_of_a_short_write_carries_it_too()
    {
        var file = await NewFile(8 * Block);
        Engine.OnOperation = (in request) =>
        {
            _writes.Enqueue(request);
            return new OperationFault { ShortTo = _writes.Count == 1 ? Block : null };
        };
        await file.WriteAsync(new byte[2 * Block], 0, AioDurability.Dsync);
        Assert.Equal(2, _writes.Count);
        Assert.All(_writes, write => Assert.Equal(RwFlags.DSync, write.Flags));
    }
}

/// <summary>The same for writes that threads do.</summary>
public sealed class BufferedDsyncSpecs
{
    [Theory]
    [InlineData(AioDurability.Dsync)]
    [InlineData(AioDurability.None)]
    public async Task Each_write_of_a_buffered_file_is_called_with_it(AioDurability durability)
    {
        var engine = new WatchedEngine();
        var system = ActorSystem.Create("dsync", Akka.Actor.Setup.ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(AioTestKit.ConfigOf("")), new AioSetup(engine)));
        var file = await AioExt.Get(system).OpenAsync(
            "/buffered", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite, Direct = DirectIo.Off });
        await file.WriteAsync(new byte[100], 0, durability).AsTask().WaitAsync(Patience.Long);
        await file.WriteAsync([new byte[10], new byte[20]], 100, durability).AsTask().WaitAsync(Patience.Long);
        await system.Terminate().WaitAsync(Patience.Long);
        var writes = engine.Calls.Where(call => call.Name == "pwrite").ToArray();
        Assert.Equal(2, writes.Length);
        Assert.All(writes, call => Assert.Equal(durability == AioDurability.Dsync, call.DataSync));
    }
}
