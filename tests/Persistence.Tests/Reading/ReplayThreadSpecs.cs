using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Persistence;
using Akka.Serialization;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Reading;

/// <summary>Events are deserialized beside the journal's thread: every commit would wait.</summary>
public sealed class ReplayThreadSpecs(ITestOutputHelper output) : JournalSpec(output, """
    akka.actor {
      serializers.threads = "AkkaAio.Persistence.Tests.Reading.ThreadSerializer, AkkaAio.Persistence.Tests"
      serialization-bindings."AkkaAio.Persistence.Tests.Reading.OfThread, AkkaAio.Persistence.Tests" = threads
    }
    akka.persistence.journal.aio.plugin-dispatcher = "pinned"
    pinned { type = PinnedDispatcher }
    """)
{
    [Fact]
    public async Task A_replay_whose_batches_are_in_memory_does_not_run_on_the_journals_thread()
    {
        Write(Atomic("p", 1, 3, payload: _ => new OfThread()));
        await Actor.ExpectMsgAsync<WriteMessagesSuccessful>(Patience);
        await Actor.ReceiveNAsync(3, Patience).ToListAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(3, (await ReplayAsync("p")).Events.Count);
        }

        Assert.Single(ThreadSerializer.Written.Distinct());
        Assert.Equal(30, ThreadSerializer.Read.Count);
        Assert.Empty(ThreadSerializer.Read.Intersect(ThreadSerializer.Written));
    }
}

internal sealed record OfThread;

internal sealed class ThreadSerializer(ExtendedActorSystem system) : Serializer(system)
{
    public static readonly ConcurrentQueue<int> Written = [];
    public static readonly ConcurrentQueue<int> Read = [];

    public override int Identifier => 8123;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        Written.Enqueue(Environment.CurrentManagedThreadId);
        return [1];
    }

    public override object FromBinary(byte[] bytes, Type type)
    {
        Read.Enqueue(Environment.CurrentManagedThreadId);
        return new OfThread();
    }
}
