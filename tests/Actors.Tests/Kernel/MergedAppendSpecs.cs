using System.Collections.Concurrent;
using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Kernel;

/// <summary>A merged operation that does not go through answers 0 to each of its writes: each goes again, alone.</summary>
public sealed class MergedAppendSpecs(ITestOutputHelper output) : AioTestKit(EngineKind.Memory, "", output)
{
    private const int Count = 40;

    private readonly ConcurrentQueue<IoRequest> _writes = new();

    [Fact]
    public async Task Every_append_completes_although_no_merged_operation_does()
    {
        Refuse(request => request.MayMerge);
        await AppendAll();
        Assert.All(
            _writes.GroupBy(write => write.Offset),
            tries => Assert.Equal([true, false], tries.Select(request => request.MayMerge)));
    }

    [Fact]
    public async Task One_that_can_never_be_written_does_not_fail_its_neighbours()
    {
        const long Bad = 7 * Block;
        Engine.OnOperation = (in request) =>
            request.Opcode != IoOpcode.Write ? default
            : request.MayMerge ? new OperationFault { ShortTo = 0 }
            : request.Offset == Bad ? new OperationFault { Error = Errno.EIO }
            : default;
        var file = await NewFile();
        var writes = Enumerable.Range(0, Count).Select(i => Replies.Tell(new Aio.Write(file, i * Block, Pattern(Block, i)))).ToArray();
        await Replies.AssertOneEach(writes);
        foreach (var write in writes)
        {
            var reply = await Replies.Of(write);
            Assert.Equal(write.Offset == Bad, reply is Aio.CommandFailed);
        }
    }

    private void Refuse(Func<IoRequest, bool> refused) => Engine.OnOperation = (in request) =>
    {
        if (request.Opcode == IoOpcode.Write)
        {
            _writes.Enqueue(request);
        }

        return new OperationFault { ShortTo = request.Opcode == IoOpcode.Write && refused(request) ? 0 : null };
    };

    private async Task AppendAll()
    {
        var file = await NewFile();
        var writes = Enumerable.Range(0, Count).Select(i => Replies.Tell(new Aio.Write(file, i * Block, Pattern(Block, i)))).ToArray();
        await Replies.AssertOneEach(writes);
        Assert.All(writes, write => Assert.IsType<Aio.WriteCompleted>(Replies.Of(write).Result));
        Assert.Equal(Enumerable.Range(0, Count).SelectMany(i => Pattern(Block, i)), ContentOf(file));
    }
}
