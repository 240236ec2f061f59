using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Contract;

/// <summary>Persistence ids are UTF-8 in the log.</summary>
public sealed class PersistenceIdSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    // A lenient encoder makes both of one id.
    private const string Half = "p\ud800";
    private const string Other = "p\ufffd";

    [Fact]
    public async Task An_id_that_is_no_Unicode_is_refused_and_reaches_no_other()
    {
        await WriteAndAwaitAsync(Other, 1, 3);
        Journal.Tell(new DeleteMessagesTo(Half, long.MaxValue, Actor.Ref), Actor.Ref);
        Check((await Actor.ExpectMsgAsync<DeleteMessagesFailure>(Patience)).Cause);
        Write(Atomic(Half, 4, 4));
        Check((await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience)).Cause);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        Check(await Assert.ThrowsAnyAsync<Exception>(() => ReplayAsync(Half)));
        Assert.Equal([1, 2, 3], (await ReplayAsync(Other)).Events.Select(stored => stored.SequenceNr));

        // Behind what is being written too.
        using var held = Disk.Writes().Hold();
        Write(Atomic(Other, 4, 4));
        await held.WhenHit();
        Journal.Tell(new DeleteMessagesTo(Half, long.MaxValue, Actor.Ref), Actor.Ref);
        Check((await Actor.ExpectMsgAsync<DeleteMessagesFailure>(Patience)).Cause);
        Check(await Assert.ThrowsAnyAsync<Exception>(() => ReplayAsync(Half)));
        held.Dispose();
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ExpectMsgAsync<WriteMessageSuccess>(Patience);
    }

    // It is the log's own, for what it says of segments that were given back.
    [Fact]
    public async Task An_empty_id_is_refused()
    {
        Write(Atomic("", 1, 1));
        Assert.IsType<AioPersistenceIdException>((await Actor.ExpectMsgAsync<WriteMessagesFailed>(Patience)).Cause);
        await Actor.ExpectMsgAsync<WriteMessageFailure>(Patience);
        await Assert.ThrowsAsync<AioPersistenceIdException>(() => ReplayAsync(""));
    }

    private static void Check(Exception cause)
    {
        var refused = Assert.IsType<AioPersistenceIdException>(cause);
        Assert.Equal(Half, refused.PersistenceId);
        Assert.Contains("U+D800, is its character 1", refused.Message, StringComparison.Ordinal);
    }
}
