using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Reading;

/// <summary>The memory of the read cache, which comes from the actor system's buffers.</summary>
public sealed class CacheBoundSpecs(ITestOutputHelper output) : JournalSpec(output, """
    akka.io.aio.buffer-pool.budget = 16 MiB
    akka.persistence.aio-store { segment-size = 64 MiB, read.cache = 1 MiB }
    """)
{
    // One read brings 64 batches of 4 KiB. If each one that is used kept its read in memory, the hot ids below would take 10 MiB.
    [Fact]
    public async Task Hot_batches_far_apart_keep_no_more_than_the_cache_may_have()
    {
        const int Events = 2560;
        const int Apart = 64;
        for (var i = 0; i < Events; i++)
        {
            Write(Atomic($"id-{i}", 1, 1));
            await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
            await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
        }

        for (var i = 0; i < Events; i += Apart)
        {
            Assert.Single((await ReplayAsync($"id-{i}")).Events);
            for (var hot = i / Apart % 2 * i; hot > 0; hot -= Apart)
            {
                Assert.Single((await ReplayAsync($"id-{hot}")).Events); // before two more reads push it out
            }
        }

        Assert.InRange(AioExt.Get(Sys).Pool.RentedBytes, 0, 3 << 20);
    }
}
