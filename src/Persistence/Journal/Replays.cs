using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Reading;
using AkkaAio.Persistence.Store;

namespace AkkaAio.Persistence.Journal;

/// <summary>What the replays of a journal share: their number at a time, open segments, batches in memory.</summary>
internal sealed class Replays : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(1);

    private readonly AioStoreSettings _settings;
    private readonly ReplayFilterSettings _filter;
    private readonly OpenSegments _segments;
    private readonly ActorSystem _system;
    private readonly ILoggingAdapter _log;
    private readonly SemaphoreSlim _turns;
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private volatile bool _isClosed;

    public Replays(
        AioStoreSettings settings, ReplayFilterSettings filter, OpenSegments segments, ActorSystem system, ILoggingAdapter log,
        Func<IPersistentRepresentation, IEnumerable<IPersistentRepresentation>>? adapt)
    {
        (_settings, _filter, _segments, _system, _log, Adapt) = (settings, filter, segments, system, log, adapt);
        _turns = new SemaphoreSlim(settings.ParallelReplays);
        Gate = new ReadGate(settings.ReadsBesideCommits);
        Batches = new BatchCache(segments, Gate, settings.ReadCache);
    }

    public ReadGate Gate { get; }

    public BatchCache Batches { get; }

    /// <summary>The read adapters; null: there are none.</summary>
    public Func<IPersistentRepresentation, IEnumerable<IPersistentRepresentation>>? Adapt { get; }

    /// <summary>
    /// Runs a replay when it is its turn, beside the journal's thread, and tells its end. What fails it is told too, and not thrown.
    /// </summary>
    public Task RunAsync(ReplayMessages request, ReplayPlan plan)
    {
        if (plan.From > plan.To || request.Max <= 0)
        {
            request.PersistentActor.Tell(new RecoverySuccess(plan.Highest), ActorRefs.NoSender);
            return Task.CompletedTask;
        }

        var running = Task.Run(() => ReadAsync(request, plan));
        _running.TryAdd(running, true);
        return running.ContinueWith(ended => _running.TryRemove(ended, out _), TaskScheduler.Default);
    }

    /// <summary>When all replays that run now have ended.</summary>
    public Task WhenDoneAsync() => Task.WhenAll(_running.Keys);

    private async Task ReadAsync(ReplayMessages request, ReplayPlan plan)
    {
        object end;
        await _turns.WaitAsync().ConfigureAwait(false);
        try
        {
            await WaitForAsync(request.PersistentActor).ConfigureAwait(false); // it may have ended
            var filter = new ReplayFilter(_filter, _log, request.PersistenceId);
            var decoder = new EventDecoder(_system, request.PersistenceId, plan.Hash);
            await new Replay(request, plan, filter, decoder, this).RunAsync().ConfigureAwait(false);
            end = new RecoverySuccess(plan.Highest);
        }
        catch (Exception e)
        {
            end = new ReplayMessagesFailure(e);
        }
        finally
        {
            _turns.Release();
        }

        request.PersistentActor.Tell(end, ActorRefs.NoSender);
    }

    /// <summary>What is in memory is of a log that was recovered since.</summary>
    public void Clear()
    {
        Batches.Clear();
        _segments.Clear();
    }

    /// <summary>Replays under way fail, and leave nothing open.</summary>
    public void Dispose()
    {
        _isClosed = true;
        Batches.Dispose();
        _segments.Dispose();
    }

    public async Task<(int Previous, long First)> FindFirstAsync(int segment, UInt128 hash)
    {
        using var open = await _segments.GetAsync(segment).ConfigureAwait(false);
        return await (await open.FooterAsync().ConfigureAwait(false)).FindFirstAsync(open.File, hash).ConfigureAwait(false);
    }

    public async Task FindAsync(int segment, ReplayPlan plan, Func<List<EventPlace>, Task<bool>> handle)
    {
        using var open = await _segments.GetAsync(segment).ConfigureAwait(false);
        var footer = await open.FooterAsync().ConfigureAwait(false);
        await footer.FindAsync(open.File, plan.Hash, plan.From, plan.To, handle).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits while an actor of this node has too much in its mailbox: the protocol has no demand. Others have the replay's turn meanwhile.
    /// Of an actor of another node nothing is known.
    /// </summary>
    /// <exception cref="AioAbortedException">The actor has ended, or the journal.</exception>
    public async ValueTask WaitForAsync(IActorRef actor)
    {
        if (!IsBehind(actor))
        {
            return;
        }

        _turns.Release();
        try
        {
            while (IsBehind(actor))
            {
                await Task.Delay(LookEvery).ConfigureAwait(false);
            }
        }
        finally
        {
            await _turns.WaitAsync().ConfigureAwait(false);
        }
    }

    private bool IsBehind(IActorRef actor)
    {
        if (_isClosed)
        {
            throw _segments.Closed();
        }

        if (actor is not ActorRefWithCell { IsLocal: true, Underlying: var cell })
        {
            return false;
        }

        return cell.IsTerminated
            ? throw new AioAbortedException("replay", null, $"{actor.Path} has ended")
            : cell.NumberOfMessages > _settings.ReplayWindow;
    }
}
