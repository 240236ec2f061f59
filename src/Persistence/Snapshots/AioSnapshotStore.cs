using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Snapshot;
using AkkaAio.Persistence.Snapshots;
using AkkaAio.Persistence.Store;
using Serialization = Akka.Serialization.Serialization;

namespace AkkaAio.Persistence;

/// <summary>
/// The snapshot store of <c>akka.persistence.snapshot-store.aio</c>, in the folder of a store, beside the journal's events. What was saved
/// is on stable storage; of several snapshots with one sequence number the last one told counts.
/// </summary>
public sealed class AioSnapshotStore : SnapshotStore
{
    // A snapshot that cannot be read, then the ones before it: the events behind them are replayed, which loses nothing.
    private const int MostAttempts = 3;

    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly AioStore _store;
    private readonly IActorRef _snapshots;

    /// <summary>
    /// Made by Akka.Persistence, with the section of the snapshot store. What is wrong in it, each request is answered with.
    /// </summary>
    public AioSnapshotStore(Config config)
    {
        _store = AioStores.Get(_system).Of(config, Self.Path.Name);
        _snapshots = Context.ActorOf(Props.Create(() => new SnapshotLog(_store)), "log");
    }

    /// <inheritdoc/>
    public override Task<PersistenceHealthCheckResult> CheckHealthAsync(CancellationToken cancellationToken = default) =>
        _snapshots.Ask<PersistenceHealthCheckResult>(SnapshotLog.GetHealth.Instance, Timeout.InfiniteTimeSpan, cancellationToken);

    /// <inheritdoc/>
    protected override async Task<SelectedSnapshot> LoadAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        var found = await AskAsync<SnapshotPlaces>(new SnapshotLog.Find(persistenceId, criteria), cancellationToken).ConfigureAwait(false);
        for (var attempt = 0; attempt < found.Places.Count; attempt++)
        {
            var place = found.Places[attempt];
            try
            {
                var (payload, serializer, manifest) = await found.Reads.ReadAsync(persistenceId, place).ConfigureAwait(false);
                var metadata = new SnapshotMetadata(persistenceId, place.SequenceNr, new DateTime(place.Ticks, DateTimeKind.Utc));
                return new SelectedSnapshot(metadata, _system.Serialization.Deserialize(payload, serializer, manifest));
            }
            catch (Exception e) when (attempt + 1 < Math.Min(MostAttempts, found.Places.Count))
            {
                _log.Warning(e, "Snapshot {SequenceNr} of {PersistenceId} cannot be read; the one before it is taken", place.SequenceNr,
                    persistenceId);
            }
        }

        return null!;
    }

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        var save = Serialization.WithTransport(_system, (_system, metadata, snapshot), static state =>
        {
            var serializer = state._system.Serialization.FindSerializerFor(state.snapshot);
            var manifest = Serialization.ManifestFor(serializer, state.snapshot);
            var payload = serializer.ToBinary(state.snapshot);
            return new SnapshotLog.Save(
                state.metadata.PersistenceId, state.metadata.SequenceNr, state.metadata.Timestamp.Ticks, serializer.Identifier, manifest,
                payload);
        });
        var most = _store.Settings.Log.MaxAppend;
        return save.Payload.Length <= most
            ? AskAsync<Akka.Done>(save, cancellationToken)
            : throw new AioEventTooLargeException(metadata.PersistenceId, save.Payload.Length, most);
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken)
    {
        // A timestamp deletes what is not later; none, by the sequence number alone.
        var latest = metadata.Timestamp == DateTime.MinValue ? DateTime.MaxValue : metadata.Timestamp;
        var criteria = new SnapshotSelectionCriteria(metadata.SequenceNr, latest, metadata.SequenceNr, DateTime.MinValue);
        return AskAsync<Akka.Done>(new SnapshotLog.Delete(metadata.PersistenceId, criteria), cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        AskAsync<Akka.Done>(new SnapshotLog.Delete(persistenceId, criteria), cancellationToken);

    private Task<T> AskAsync<T>(SnapshotLog.Request request, CancellationToken cancellationToken) =>
        _snapshots.Ask<T>(request, Timeout.InfiniteTimeSpan, cancellationToken);
}
