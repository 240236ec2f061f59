using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Actors;
using Xunit;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>With the settings that it has by default, on a real disk: events up to 64 MiB are stored, longer ones rejected.</summary>
public sealed class LargeEventSpecs : Akka.TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DirectoryInfo Folder = Directory.CreateTempSubdirectory("akka-aio-large.");

    public LargeEventSpecs()
        : base(Config)
    {
    }

    private static Config Config => ConfigurationFactory.ParseString($$"""
        akka.loglevel = WARNING
        akka.persistence.journal.plugin = "akka.persistence.journal.aio"
        akka.persistence.aio-store { dir = "{{Folder.FullName}}", segment-size = 128 MiB, zero-rate = 0 }
        """).WithFallback(AioPersistence.DefaultConfig);

    [Fact]
    public async Task An_event_of_60_MiB_is_stored_and_one_of_70_MiB_rejected()
    {
        var observer = TestActor;
        var actor = Sys.ActorOf(Props.Create(() => new Teller("p", observer)));
        await ExpectMsgAsync<RecoveryCompleted>(Patience);
        var large = new byte[60 << 20];
        Random.Shared.NextBytes(large);
        actor.Tell(new Teller.Do(teller => teller.Persist(large, _ => teller.Tell("stored"))));
        actor.Tell(new Teller.Do(teller => teller.Persist(new byte[70 << 20], _ => teller.Tell("stored, and should not"))));
        actor.Tell(new Teller.Do(teller => teller.Persist("small", teller.Tell)));
        await ExpectMsgAsync("stored", Patience);
        Assert.IsType<AioEventTooLargeException>((await ExpectMsgAsync<Teller.Rejected>(Patience)).Cause);
        await ExpectMsgAsync("small", Patience);
        await Sys.Terminate();

        using var again = ActorSystem.Create("again", Config);
        var probe = CreateTestProbe(again);
        Akka.Persistence.Persistence.Instance.Apply(again).JournalFor(null)
            .Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", probe.Ref), probe.Ref);
        Assert.Equal(large, (await probe.ExpectMsgAsync<ReplayedMessage>(Patience)).Persistent.Payload);
        Assert.Equal("small", (await probe.ExpectMsgAsync<ReplayedMessage>(Patience)).Persistent.Payload);
        Assert.Equal(3, (await probe.ExpectMsgAsync<RecoverySuccess>(Patience)).HighestSequenceNr);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Folder.Delete(recursive: true);
    }
}
