using AkkaAio.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Tests.Barriers;

/// <summary>One blocking thread, so that what has been given to it is done when a later Open is.</summary>
public sealed class RefusedGrowthSpecs(ITestOutputHelper output)
    : AioTestKit(EngineKind.Memory, "akka.io.aio.blocking-dispatcher.threads = 1", output)
{
    private const int AllocatedAhead = 64 * 1024;

    [Fact]
    public async Task A_write_that_is_refused_allocates_nothing_ahead_for_a_closed_file()
    {
        var file = await Ext.OpenAsync(NewPath(), New with { GrowAhead = AllocatedAhead });
        await file.WriteAsync(Pattern(Block), 0);
        await Replies.Do<Aio.Allocated>(new Aio.Allocate(file, 0, Block + AllocatedAhead)); // no more than is there: nothing to trim
        await file.DisposeAsync();

        await Replies.Fails<AioClosedException>(new Aio.Write(file, Pattern(Block), AllocatedAhead - Block));

        var other = await NewFile();
        Assert.Equal(Block + AllocatedAhead, LengthOnDisk(file.Path));
        await other.DisposeAsync();
    }
}
