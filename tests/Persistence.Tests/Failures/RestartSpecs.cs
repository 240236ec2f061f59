using System.Diagnostics.Metrics;
using Akka.Event;
using Akka.Persistence;
using Akka.TestKit;
using AkkaAio.Persistence.Telemetry;
using AkkaAio.Persistence.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace AkkaAio.Persistence.Tests.Failures;

/// <summary>What throws within the journal or the snapshot store: each request is answered, and they go on.</summary>
public sealed class RestartSpecs : JournalSpec
{
    private readonly TestProbe _errors;

    public RestartSpecs(ITestOutputHelper output)
        : base(output)
    {
        _errors = CreateTestProbe();
        Sys.EventStream.Subscribe(_errors.Ref, typeof(Error));
    }

    [Fact]
    public async Task A_journal_that_throws_answers_what_it_has_and_goes_on_behind_the_writes_of_its_earlier_life()
    {
        await WriteAndAwaitAsync("p", 1, 1);
        using var held = Disk.Writes().Times(1).Hold();
        Write(Atomic("p", 2, 3));
        await held.WhenHit();
        Journal.Tell(new WriteMessages(ThrowOnce(Atomic("q", 1, 1)), Actor.Ref, 1), Actor.Ref);
        await ExpectFailedAsync(2);
        await ExpectFailedAsync(1);
        Journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, "p", Actor.Ref), Actor.Ref);
        held.Release();
        Assert.Equal(1, (await Actor.ExpectMsgAsync<ReplayedMessage>(Patience)).Persistent.SequenceNr);
        Assert.Equal(2, (await Actor.ExpectMsgAsync<ReplayedMessage>(Patience)).Persistent.SequenceNr);
        Assert.Equal(3, (await Actor.ExpectMsgAsync<ReplayedMessage>(Patience)).Persistent.SequenceNr);
        Assert.Equal(3, (await Actor.ExpectMsgAsync<RecoverySuccess>(Patience)).HighestSequenceNr);
        await WriteAndAwaitAsync("p", 4, 4);
        await WriteAndAwaitAsync("q", 1, 1);
        Assert.IsType<DivideByZeroException>((await _errors.ExpectMsgAsync<Error>(Patience)).Cause);
        Assert.False(_errors.HasMessages);
    }

    [Fact]
    public async Task A_snapshot_store_whose_log_throws_answers_what_it_has_and_goes_on()
    {
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("p", 1, DateTime.UtcNow), "state"), Actor.Ref);
        await Actor.ExpectMsgAsync<SaveSnapshotSuccess>(Patience);
        using var held = Disk.Writes().Times(1).Hold();
        Snapshots.Tell(new SaveSnapshot(new SnapshotMetadata("q", 1, DateTime.UtcNow), "state"), Actor.Ref);
        await held.WhenHit();
        Snapshots.Tell(new DeleteSnapshots("p", null!), Actor.Ref);
        var replies = new[] { await Actor.ExpectMsgAsync<object>(AtOnce), await Actor.ExpectMsgAsync<object>(AtOnce) };
        Assert.Single(replies.OfType<SaveSnapshotFailure>());
        Assert.Single(replies.OfType<DeleteSnapshotsFailure>());
        held.Release();
        Snapshots.Tell(new LoadSnapshot("p", SnapshotSelectionCriteria.Latest, long.MaxValue), Actor.Ref);
        Assert.Equal("state", (await Actor.ExpectMsgAsync<LoadSnapshotResult>(AtOnce)).Snapshot.Snapshot);
    }

    [Fact]
    public async Task A_metrics_listener_that_throws_takes_no_reply_away()
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Meter.Name == JournalMeter.Name && instrument.Meter.Tags!.Any(tag => Equals(tag.Value, Sys.Name)))
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => throw new DivideByZeroException());
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => throw new DivideByZeroException());
        listener.Start();
        await WriteAndAwaitAsync("p", 1, 2);
        Assert.Equal(2, (await ReplayAsync("p")).Events.Count);
        Assert.IsType<DivideByZeroException>((await _errors.ExpectMsgAsync<Error>(Patience)).Cause);
        await WriteAndAwaitAsync("p", 3, 3);
        Assert.False(_errors.HasMessages); // it is said once
    }

    private static TimeSpan AtOnce => TimeSpan.FromSeconds(3); // no time-out of Akka.Persistence is below 20 s

    private async Task ExpectFailedAsync(int events)
    {
        await Actor.ExpectMsgAsync<WriteMessagesFailed>(AtOnce);
        for (var i = 0; i < events; i++)
        {
            await Actor.ExpectMsgAsync<WriteMessageFailure>(AtOnce);
        }
    }

    private static IEnumerable<IPersistentEnvelope> ThrowOnce(IPersistentEnvelope envelope)
    {
        var isFirst = true;
        return new[] { envelope }.Where(_ =>
        {
            var wasFirst = isFirst;
            isFirst = false;
            return wasFirst ? throw new DivideByZeroException() : true;
        });
    }
}
