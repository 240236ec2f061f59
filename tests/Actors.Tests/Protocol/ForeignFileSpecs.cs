using Akka.Actor;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

/// <summary>A file of another actor system is refused, by the ref and by the shards, and disturbs neither system.</summary>
public sealed class ForeignFileSpecs : AioTestKit
{
    private readonly ActorSystem _other;

    public ForeignFileSpecs(ITestOutputHelper output)
        : base(EngineKind.Memory, "akka.io.aio.shards = 4", output) =>
        _other = ActorSystem.Create("other", SetupOf(
            EngineKind.Memory, new MemoryEngine(), "akka.io.aio { shards = 2, shard-by = stripe }"));

    [Fact]
    public async Task The_ref_refuses_every_command_for_a_foreign_file()
    {
        var file = await AioExt.Get(_other).OpenAsync("/other", New with { PreallocationSize = Block });
        Aio.FileCommand[] commands =
        [
            new Aio.RentRead(file, 0, 1), new Aio.ReadInto(file, new byte[1], 0), new Aio.Write(file, new byte[Block], 0),
            new Aio.Flush(file), new Aio.SetLength(file, 0), new Aio.Allocate(file, 0, 1), new Aio.Close(file),
            new Aio.Cancel(new Aio.Flush(file)),
        ];
        foreach (var command in commands)
        {
            await Replies.Fails<AioArgumentException>(command);
        }

        using var read = await file.RentReadAsync(0, Block);
        Assert.Equal(Block, read.Length);
    }

    [Fact]
    public async Task A_shard_refuses_every_command_for_a_foreign_file()
    {
        var mine = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => NewFile(Block)));
        var shards = mine.Select(file => file.Shard).Distinct().ToArray();
        Assert.Equal(4, shards.Length);
        var file = await AioExt.Get(_other).OpenAsync("/other", New with { PreallocationSize = Block });
        foreach (var shard in shards)
        {
            Aio.FileCommand[] commands =
            [
                new Aio.RentRead(file, 0, 1), new Aio.ReadInto(file, new byte[1], 0), new Aio.Write(file, new byte[Block], 0),
                new Aio.Flush(file), new Aio.SetLength(file, 0), new Aio.Allocate(file, 0, 1), new Aio.Close(file),
                new Aio.Cancel(new Aio.RentRead(file, 0, 1)), new Aio.Cancel(new Aio.Flush(file)),
            ];
            foreach (var command in commands)
            {
                shard.Tell(command, Replies);
                var failed = await Replies.Of<Aio.CommandFailed>(command);
                Assert.IsType<AioArgumentException>(failed.Cause);
            }
        }

        Assert.Equal(0, (await Stats()).Shards.Sum(shard => shard.Restarts));
        using var read = await file.RentReadAsync(0, Block);
        Assert.Equal(Block, read.Length);
    }

    [Fact]
    public async Task A_file_of_this_system_told_to_the_wrong_shard_is_served_by_the_right_one()
    {
        var files = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => NewFile(Block)));
        var file = files[0];
        foreach (var wrong in files.Select(other => other.Shard).Distinct().Where(shard => !shard.Equals(file.Shard)))
        {
            foreach (var command in new Aio.FileCommand[] { new Aio.Write(file, new byte[Block], 0), new Aio.Flush(file) })
            {
                wrong.Tell(command, Replies);
                Assert.IsNotType<Aio.CommandFailed>(await Replies.Of(command));
            }
        }
    }

    protected override void AfterAll()
    {
        _other.Terminate().Wait(Patience.Long);
        base.AfterAll();
    }
}
