using Akka.Actor;
using Akka.Persistence;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Reading;

namespace AkkaAio.Persistence.Journal;

/// <summary>
/// One replay: reads the events of a persistence id in their order and tells them to its actor, no faster than the actor takes them.
/// </summary>
internal sealed class Replay(ReplayMessages request, ReplayPlan plan, ReplayFilter filter, EventDecoder decoder, Replays replays)
{
    // Looking into a mailbox costs a cache miss; so many messages more do not matter to a window of thousands.
    private const int LookEvery = 256;

    private long _left = request.Max;
    private int _sinceLook;
    private CachedBatch? _batch;
    private Task _readAhead = Task.CompletedTask;
    private (int Segment, int End) _readTo;

    /// <summary>Tells all events; not the end.</summary>
    public async Task RunAsync()
    {
        try
        {
            foreach (var segment in await FindSegmentsAsync().ConfigureAwait(false))
            {
                await replays.FindAsync(segment, plan, places => ReadAsync(segment, places)).ConfigureAwait(false);
            }

            foreach (var (segment, places) in plan.InMemory)
            {
                if (!await ReadAsync(segment, places).ConfigureAwait(false))
                {
                    break;
                }
            }

            foreach (var last in filter.End())
            {
                Tell(last);
            }
        }
        finally
        {
            _batch?.Dispose();
            await _readAhead.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The segments with events in the range, oldest first: each footer names the one before.
    private async Task<IEnumerable<int>> FindSegmentsAsync()
    {
        var segments = new Stack<int>();
        for (var segment = plan.NewestOnDisk; segment >= plan.Oldest && segment > 0;)
        {
            var (previous, first) = await replays.FindFirstAsync(segment, plan.Hash).ConfigureAwait(false);
            if (first > 0)
            {
                segments.Push(segment);
                if (first <= plan.From)
                {
                    break;
                }
            }

            segment = previous;
        }

        return segments;
    }

    // False: as many as were wanted have been told.
    private async Task<bool> ReadAsync(int segment, List<EventPlace> places)
    {
        for (var i = 0; i < places.Count; i++)
        {
            if (_left == 0)
            {
                return false;
            }

            if (_batch is null || _batch.Segment != segment || _batch.Block != places[i].Block)
            {
                _batch?.Dispose();
                _batch = null;
                _batch = await replays.Batches.GetAsync(segment, places[i].Block).ConfigureAwait(false);
                ReadAhead(segment, places, i);
            }

            Take(decoder.Read(_batch, places[i]));
            if (++_sinceLook >= LookEvery)
            {
                _sinceLook = 0;
                await replays.WaitForAsync(request.PersistentActor).ConfigureAwait(false);
            }
        }

        return _left > 0;
    }

    // The disk reads what follows while this replay decodes what it has. A read that fails is made again when its turn comes.
    private void ReadAhead(int segment, List<EventPlace> places, int from)
    {
        var end = _batch!.EndOfRead;
        if (_readTo == (segment, end) || !_readAhead.IsCompleted || places[^1].Block < end)
        {
            return;
        }

        _readTo = (segment, end);
        var next = from;
        while (places[next].Block < end)
        {
            next++;
        }

        if (next - from < _left)
        {
            _readAhead = ReadAsync(places[next].Block);
        }

        async Task ReadAsync(int block) => (await replays.Batches.GetAsync(segment, block).ConfigureAwait(false)).Dispose();
    }

    private void Take(Persistent? stored)
    {
        if (stored is null)
        {
            return; // another id of the same hash
        }

        _left--;
        if (filter.Add(stored) is { } next)
        {
            Tell(next);
        }
    }

    private void Tell(IPersistentRepresentation stored)
    {
        if (replays.Adapt is not { } adapt)
        {
            request.PersistentActor.Tell(new ReplayedMessage(stored), ActorRefs.NoSender);
            return;
        }

        foreach (var adapted in adapt(stored))
        {
            request.PersistentActor.Tell(new ReplayedMessage(adapted), ActorRefs.NoSender);
        }
    }
}
