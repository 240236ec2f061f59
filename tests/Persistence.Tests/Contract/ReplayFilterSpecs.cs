using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>Akka's replay filter: two actors of one id that have written in turn, each behind the highest number.</summary>
public abstract class ReplayFilterSpecs(ITestOutputHelper output, string mode) : JournalSpec(
    output, $"akka.persistence.journal.aio.replay-filter {{ mode = {mode}, window-size = 5, max-old-writers = 10 }}")
{
    private protected async Task<(List<IPersistentRepresentation> Events, long Highest)> ReplayMixedAsync()
    {
        await WriteAndAwaitAsync("p", 1, 10, "first");
        await WriteAndAwaitAsync("p", 11, 20, "second");
        await WriteAndAwaitAsync("p", 21, 22, "first");
        await WriteAndAwaitAsync("p", 23, 30, "second");
        return await ReplayAsync("p");
    }
}

public sealed class RepairingReplays(ITestOutputHelper output) : ReplayFilterSpecs(output, "repair-by-discard-old")
{
    [Fact]
    public async Task Events_of_an_old_writer_behind_those_of_a_new_one_are_left_out()
    {
        var (events, highest) = await ReplayMixedAsync();
        Assert.Equal([.. Range(1, 20), .. Range(23, 30)], events.Select(stored => stored.SequenceNr));
        Assert.Equal(30, highest);
    }
}

public sealed class FailingReplays(ITestOutputHelper output) : ReplayFilterSpecs(output, "fail")
{
    [Fact]
    public async Task Events_of_an_old_writer_behind_those_of_a_new_one_fail_the_replay()
    {
        var cause = await Assert.ThrowsAsync<InvalidOperationException>(ReplayMixedAsync);
        Assert.Contains("Event 21 of writer first", cause.Message, StringComparison.Ordinal);
    }
}

public sealed class WarningReplays(ITestOutputHelper output) : ReplayFilterSpecs(output, "warn")
{
    [Fact]
    public async Task Events_of_an_old_writer_are_replayed_with_a_warning() =>
        await EventFilter.Warning(contains: "Event 21 of writer first").ExpectOneAsync(
        async () => Assert.Equal(Range(1, 30), (await ReplayMixedAsync()).Events.Select(stored => stored.SequenceNr)));
}

public sealed class UnfilteredReplays(ITestOutputHelper output) : ReplayFilterSpecs(output, "off")
{
    [Fact]
    public async Task Every_event_is_replayed() =>
        Assert.Equal(Range(1, 30), (await ReplayMixedAsync()).Events.Select(stored => stored.SequenceNr));
}
