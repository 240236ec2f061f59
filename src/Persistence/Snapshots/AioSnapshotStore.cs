using Akka.Actor;
using Akka.Configuration;
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
    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
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
        var gone = default(SnapshotPlace);
        while (true)
        {
            var found = await AskAsync<SnapshotPlaces>(new SnapshotLog.Find(persistenceId, criteria), cancellationToken)
                .ConfigureAwait(false);
            if (found.Places is not [var place, ..])
            {
                return null!;
            }

            // One that cannot be read fails the load. None before it is taken instead: the events behind that may be deleted, and the
            // actor would have a state that it never had.
            try
            {
                var (payload, serializer, manifest) = await found.Reads.ReadAsync(persistenceId, place).ConfigureAwait(false);
                var metadata = new SnapshotMetadata(persistenceId, place.SequenceNr, new DateTime(place.Ticks, DateTimeKind.Utc));
                return new SelectedSnapshot(metadata, Deserialize(metadata, payload, serializer, manifest));
            }
            catch (AioSystemException e) when (e.Errno == Errno.ENOENT && place != gone)
            {
                gone = place; // deleted meanwhile, with its segment
            }
        }
    }

    private object Deserialize(SnapshotMetadata metadata, byte[] payload, int serializer, string manifest)
    {
        try
        {
            return _system.Serialization.Deserialize(payload, serializer, manifest);
        }
        catch (Exception e)
        {
            throw new AioSnapshotException(metadata.PersistenceId, metadata.SequenceNr, serializer, manifest, e);
        }
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
