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

    /// <summary>Runs a replay when it is its turn, and tells its end. Never fails.</summary>
    public async Task RunAsync(ReplayMessages request, ReplayPlan plan)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running.TryAdd(done.Task, true);
        try
        {
            await ReadAsync(request, plan).ConfigureAwait(false);
        }
        finally
        {
            _running.TryRemove(done.Task, out _);
            done.SetResult();
        }
    }

    /// <summary>When all replays that run now have ended.</summary>
    public Task WhenDoneAsync() => Task.WhenAll(_running.Keys);

    private async Task ReadAsync(ReplayMessages request, ReplayPlan plan)
    {
        object end = new RecoverySuccess(plan.Highest);
        if (plan.From <= plan.To && request.Max > 0)
        {
            await _turns.WaitAsync().ConfigureAwait(false);
            try
            {
                var filter = new ReplayFilter(_filter, _log, request.PersistenceId);
                var decoder = new EventDecoder(_system, request.PersistenceId, plan.Hash);
                await new Replay(request, plan, filter, decoder, this).RunAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                end = new ReplayMessagesFailure(e);
            }
            finally
            {
                _turns.Release();
            }
        }

        request.PersistentActor.Tell(end, ActorRefs.NoSender);
    }

    public void Dispose()
    {
        Batches.Dispose();
        _segments.Clear();
    }

    public async Task<(int Previous, long First)> FindFirstAsync(int segment, UInt128 hash)
    {
        var (open, footer) = await OpenAsync(segment).ConfigureAwait(false);
        return await footer.FindFirstAsync(open.File, hash).ConfigureAwait(false);
    }

    public async Task FindAsync(int segment, ReplayPlan plan, Func<List<EventPlace>, Task<bool>> handle)
    {
        var (open, footer) = await OpenAsync(segment).ConfigureAwait(false);
        await footer.FindAsync(open.File, plan.Hash, plan.From, plan.To, handle).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits while an actor of this node has too much in its mailbox: the protocol has no demand. Of another node nothing is known.
    /// </summary>
    public async ValueTask WaitForAsync(IActorRef actor)
    {
        while (actor is ActorRefWithCell { IsLocal: true, Underlying: { IsTerminated: false } cell } &&
               cell.NumberOfMessages > _settings.ReplayWindow)
        {
            await Task.Delay(LookEvery).ConfigureAwait(false);
        }
    }

    private async Task<(OpenSegment Segment, Footer Footer)> OpenAsync(int number)
    {
        var open = await _segments.GetAsync(number).ConfigureAwait(false);
        return (open, await OpenSegments.FooterOfAsync(open).ConfigureAwait(false));
    }
}
