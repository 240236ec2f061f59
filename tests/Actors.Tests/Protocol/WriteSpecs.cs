using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Protocol;

public sealed class WriteSpecsOnLinuxAio(ITestOutputHelper output) : WriteSpecs(EngineKind.LinuxAio, output);

public sealed class WriteSpecsOnMemory(ITestOutputHelper output) : WriteSpecs(EngineKind.Memory, output);

/// <summary>Every byte arrives from any memory; what direct I/O cannot do is refused with the values.</summary>
public abstract class WriteSpecs(EngineKind kind, ITestOutputHelper output) : AioTestKit(kind, "", output)
{
    public static TheoryData<string> Memories { get; } = ["buffer", "buffer slice", "unaligned buffer slice", "array", "array slice"];

    [SkippableTheory]
    [MemberData(nameof(Memories))]
    public async Task Data_is_written_from_any_memory(string memory)
    {
        var content = Pattern(4 * Block);
        var file = await FileOf(content);
        var data = Pattern(2 * Block, seed: 2);
        using var buffer = Pool.Rent(4 * Block);
        var (source, start) = memory switch
        {
            "buffer" => (buffer.Memory[..data.Length], 0),
            "buffer slice" => (buffer.Memory, Block),
            "unaligned buffer slice" => (buffer.Memory, 77),
            "array" => (new byte[data.Length], 0),
            _ => (new byte[3 * Block], 33),
        };
        source = source.Slice(start, data.Length);
        data.CopyTo(source.Span);

        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, source, Block));

        Assert.Equal([.. content[..Block], .. data, .. content[(3 * Block)..]], ContentOf(file));
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [SkippableFact]
    public async Task A_whole_AioBuffer_is_written()
    {
        var file = await NewFile();
        using var buffer = Pool.Rent(Block);
        Pattern(Block).CopyTo(buffer.GetSpan());
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, buffer, 0));
        Assert.Equal(Pattern(Block), ContentOf(file));
    }

    [SkippableFact]
    public async Task A_copied_write_may_be_changed_after_the_reply_and_not_before()
    {
        var file = await NewFile();
        var data = Pattern(Block);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, data, 0));
        data.AsSpan().Clear();
        Assert.Equal(Pattern(Block), ContentOf(file));
    }

    [SkippableTheory]
    [InlineData(1, Block)]
    [InlineData(511, Block)]
    [InlineData(0, 1)]
    [InlineData(0, Block - 1)]
    [InlineData(0, Block + 1)]
    [InlineData(7, 13)]
    public async Task An_unaligned_write_on_a_direct_file_is_refused_with_the_values(long offset, int length)
    {
        var content = Pattern(2 * Block);
        var file = await FileOf(content);
        using var buffer = Pool.Rent(length + 3);
        foreach (var data in new ReadOnlyMemory<byte>[] { new byte[length], buffer.Memory[3..] })
        {
            var failed = await Replies.Do<Aio.CommandFailed>(new Aio.Write(file, data, offset));
            var error = Assert.IsType<AioAlignmentException>(failed.Cause);
            Assert.Equal(AioOutcome.NotPerformed, failed.Outcome);
            Assert.Equal((offset, (long)length), (error.Offset, error.Length));
            Assert.Equal((file.OffsetAlignment, file.MemoryAlignment), (error.OffsetAlignment, error.MemoryAlignment));
            Assert.Equal(file.Path, error.Path);
            Assert.Equal("write", error.Operation);
            Assert.Contains($"offset is {offset}", error.Message, StringComparison.Ordinal);
            Assert.Contains($"length is {length}", error.Message, StringComparison.Ordinal);
            Assert.Contains($"multiples of {file.OffsetAlignment}", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(content, ContentOf(file));
        Assert.Equal(1, Pool.RentedBuffers);
    }

    [SkippableFact]
    public async Task The_refusal_names_the_address_of_native_memory()
    {
        var file = await NewFile();
        using var buffer = Pool.Rent(Block);
        var error = await Replies.Fails<AioAlignmentException>(new Aio.Write(file, buffer.Memory[5..], 0));
        Assert.Equal(5, error.Address % Block);
        Assert.Contains($"0x{error.Address:x}", error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(0, 1)]
    [InlineData(1, Block)]
    [InlineData(4095, 2)]
    [InlineData(7, 13)]
    public async Task A_buffered_file_takes_any_offset_and_length(int offset, int length)
    {
        var content = Pattern(2 * Block);
        var file = await FileOf(content, DirectIo.Off);
        var data = Pattern(length, seed: 2);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, data, offset));
        Assert.Equal([.. content[..offset], .. data, .. content[(offset + length)..]], ContentOf(file));
    }

    [SkippableFact]
    public async Task Writes_of_a_buffered_file_are_waited_for_by_its_flush_and_its_close()
    {
        var file = await NewFile(direct: DirectIo.Off);
        var writes = Enumerable.Range(0, 100).Select(i => Replies.Tell(new Aio.Write(file, Pattern(10, i), i * 10))).ToArray();
        var flush = Replies.Tell(new Aio.Flush(file));
        await Replies.Of<Aio.Flushed>(flush);
        Assert.All(writes, write => Assert.True(Replies.Has(write)));
        var more = Replies.Tell(new Aio.Write(file, Pattern(10, 100), 1000));
        var close = Replies.Tell(new Aio.Close(file));
        await Replies.Of<Aio.Closed>(close);
        Assert.IsType<Aio.WriteCompleted>(await Replies.Of(more));
        Assert.Equal(Enumerable.Range(0, 101).SelectMany(i => Pattern(10, i)), ContentOf(file));
        await Replies.AssertOneEach([.. writes, flush, more, close]);
    }

    [SkippableTheory]
    [InlineData(DirectIo.Required)]
    [InlineData(DirectIo.Off)]
    public async Task A_durable_write_is_written(DirectIo direct)
    {
        var file = await NewFile(direct: direct);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, Pattern(Block), 0) { Durability = AioDurability.Dsync });
        Assert.Equal(Pattern(Block), ContentOf(file));
    }

    [SkippableFact]
    public async Task Length_follows_writes_SetLength_and_Allocate()
    {
        var file = await NewFile();
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 2 * Block));
        Assert.Equal(3 * Block, file.Length);
        await Replies.Do<Aio.WriteCompleted>(new Aio.Write(file, new byte[Block], 0));
        Assert.Equal(3 * Block, file.Length);
        await Replies.Do<Aio.LengthSet>(new Aio.SetLength(file, 100));
        Assert.Equal(100, file.Length);
        Assert.Equal(100, LengthOnDisk(file.Path));
        await Replies.Do<Aio.Allocated>(new Aio.Allocate(file, Block, Block));
        Assert.Equal(2 * Block, file.Length);
        await Replies.Do<Aio.Allocated>(new Aio.Allocate(file, 0, 1));
        Assert.Equal(2 * Block, file.Length);
        Assert.Equal(2 * Block, LengthOnDisk(file.Path));
    }
}
