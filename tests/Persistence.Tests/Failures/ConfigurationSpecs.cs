using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>A configuration that is wrong: each request is answered with the key, and no actor waits for its recovery's time-out.</summary>
public sealed class ConfigurationSpecs(ITestOutputHelper output) : JournalSpec(output)
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(3); // where no time-out of Akka.Persistence is below 20 s

    public static TheoryData<string, string> WrongStores => new()
    {
        { "akka.persistence.aio-store.dir = \"\"", "akka.persistence.aio-store.dir" },
        { "akka.persistence.aio-store.segment-size = -1", "akka.persistence.aio-store.segment-size" },
        { "akka.persistence.aio-store.write.durability = often", "akka.persistence.aio-store.write.durability" },
        { "akka.persistence.aio-store.read.cache = much", "akka.persistence.aio-store.read.cache" },
        { "akka.persistence.aio-store = /store", "akka.persistence.aio-store" },
        { "akka.persistence { journal.aio.store = shop, snapshot-store.aio.store = shop }", "shop.dir" },
        { "akka.io.aio.depth = 0", "akka.io.aio.depth" },
    };

    [Theory]
    [MemberData(nameof(WrongStores))]
    [InlineData("akka.persistence.journal.aio.replay-filter.mode = sometimes", "akka.persistence.journal.aio.replay-filter.mode")]
    [InlineData("akka.persistence.journal.aio.replay-filter.window-size = -1", "akka.persistence.journal.aio.replay-filter.window-size")]
    [InlineData("akka.persistence.journal.aio.replay-filter.window-size = many", "akka.persistence.journal.aio.replay-filter.window-size")]
    [InlineData("akka.persistence.journal.aio.store = \"\"", "akka.persistence.journal.aio.store")]
    [InlineData("akka.persistence.journal.aio.store { dir = \"/store\" }", "akka.persistence.journal.aio.store")]
    public async Task A_journal_answers_each_request_with_the_key_that_is_wrong(string hocon, string key)
    {
        using var system = Start(hocon);
        var (journal, probe) = (JournalOf(system), CreateTestProbe(system));
        journal.Tell(new WriteMessages([Atomic("p", 1, 2)], probe.Ref, 1), probe.Ref);
        Check((await probe.ExpectMsgAsync<WriteMessagesFailed>(AtOnce)).Cause);
        Check((await probe.ExpectMsgAsync<WriteMessageFailure>(AtOnce)).Cause);
        Check((await probe.ExpectMsgAsync<WriteMessageFailure>(AtOnce)).Cause);
        journal.Tell(new ReplayMessages(1, 2, 2, "p", probe.Ref), probe.Ref);
        Check((await probe.ExpectMsgAsync<ReplayMessagesFailure>(AtOnce)).Cause);
        journal.Tell(new DeleteMessagesTo("p", 1, probe.Ref), probe.Ref);
        Check((await probe.ExpectMsgAsync<DeleteMessagesFailure>(AtOnce)).Cause);
        var health = await journal.Ask<JournalHealthCheckResponse>(new CheckJournalHealth(default), AtOnce);
        Assert.Equal(PersistenceHealthStatus.Unhealthy, health.Result.Status);
        Check(health.Result.Exception!);
        await system.Terminate();

        void Check(Exception cause) => Assert.Equal(key, Assert.IsType<AioConfigurationException>(cause).Key);
    }

    [Theory]
    [MemberData(nameof(WrongStores))]
    [InlineData("akka.persistence.snapshot-store.aio.store { dir = \"/store\" }", "akka.persistence.snapshot-store.aio.store")]
    public async Task A_snapshot_store_answers_each_request_with_the_key_that_is_wrong(string hocon, string key)
    {
        using var system = Start(hocon);
        var probe = CreateTestProbe(system);
        var (store, metadata) = (SnapshotsOf(system), new SnapshotMetadata("p", 1, DateTime.UtcNow));
        store.Tell(new LoadSnapshot("p", SnapshotSelectionCriteria.Latest, 1), probe.Ref);
        Check((await probe.ExpectMsgAsync<LoadSnapshotFailed>(AtOnce)).Cause);
        store.Tell(new SaveSnapshot(metadata, "state"), probe.Ref);
        Check((await probe.ExpectMsgAsync<SaveSnapshotFailure>(AtOnce)).Cause);
        store.Tell(new DeleteSnapshot(metadata), probe.Ref);
        Check((await probe.ExpectMsgAsync<DeleteSnapshotFailure>(AtOnce)).Cause);
        store.Tell(new DeleteSnapshots("p", SnapshotSelectionCriteria.Latest), probe.Ref);
        Check((await probe.ExpectMsgAsync<DeleteSnapshotsFailure>(AtOnce)).Cause);
        var health = await store.Ask<SnapshotStoreHealthCheckResponse>(new CheckSnapshotStoreHealth(default), AtOnce);
        Assert.Equal(PersistenceHealthStatus.Unhealthy, health.Result.Status);
        Check(health.Result.Exception!);
        await system.Terminate();

        void Check(Exception cause) =>
            Assert.Equal(key, Assert.IsType<AioConfigurationException>((cause as AggregateException)?.InnerException ?? cause).Key);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_recovery_of_a_persistent_actor_fails_within_a_second_with_the_key(bool withSnapshots)
    {
        using var system = Start(
            "akka.persistence.aio-store.dir = \"\"" +
            (withSnapshots ? "" : "\nakka.persistence.snapshot-store.plugin = akka.persistence.no-snapshot-store"));
        _ = (JournalOf(system), CreateTestProbe(system)); // the plugins are made, and what they need is compiled
        var failed = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(Props.Create(() => new Recovering(failed)));
        var cause = await failed.Task.WaitAsync(TimeSpan.FromSeconds(1));
        Assert.Contains("akka.persistence.aio-store.dir", cause.ToString(), StringComparison.Ordinal);
        await system.Terminate();
    }

    [Fact]
    public async Task A_store_of_another_section_has_the_defaults_where_that_says_nothing()
    {
        using var system = Start(
            "akka.persistence.journal.aio.store = shop, shop { dir = \"/shop\", segment-size = 2 MiB, zero-rate = 0 }");
        Assert.Empty((await ReplayAsync(JournalOf(system), CreateTestProbe(system), "p")).Events);
        Assert.Equal(2 << 20, Disk.ReadAllBytes("/shop/events/0000000001.seg").Length);
        await system.Terminate();
    }

    private ActorSystem Start(string hocon) => ActorSystem.Create("wrong", SetupOf(hocon, Disk));

    private sealed class Recovering(TaskCompletionSource<Exception> failed) : ReceivePersistentActor
    {
        public override string PersistenceId => "p";

        protected override void OnRecoveryFailure(Exception reason, object? message = null) => failed.TrySetResult(reason);
    }
}
