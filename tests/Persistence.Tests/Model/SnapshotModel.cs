using System.Text;
using Akka.Persistence;

namespace AkkaAio.Persistence.Tests.Model;

/// <summary>A snapshot of the model: its payload follows from id, number and time.</summary>
internal sealed record ModelSnapshot(long SequenceNr, DateTime Time)
{
    public bool Matches(SnapshotSelectionCriteria criteria) =>
        SequenceNr >= criteria.MinSequenceNr && SequenceNr <= criteria.MaxSequenceNr &&
        Time >= (criteria.MinTimestamp ?? DateTime.MinValue) && Time <= criteria.MaxTimeStamp;
}

/// <summary>The snapshots that a store may have of one persistence id, as its replies say.</summary>
internal sealed class SnapshotModel(string id, int store)
{
    /// <summary>Of an id that begins so snapshots are large: their stores fill some segments, and give them back.</summary>
    public const string Large = "large";

    // Of each number what may be there; null: nothing.
    private readonly SortedDictionary<long, HashSet<ModelSnapshot?>> _states = [];

    public string Id => id;

    public bool IsLarge => id.StartsWith(Large, StringComparison.Ordinal);

    public int Store => store;

    /// <summary>Of all snapshots that were saved, or may have been.</summary>
    public IEnumerable<long> Numbers => _states.Keys;

    public byte[] PayloadOf(ModelSnapshot snapshot)
    {
        var most = IsLarge ? 90_000 : 3_000;
        var payload = new byte[100 + (snapshot.Time.Ticks % 1_000_000 * 7919 % most)];
        Encoding.UTF8.GetBytes($"{id} {snapshot.SequenceNr} {snapshot.Time.Ticks}", payload);
        return payload;
    }

    /// <summary>A save was answered.</summary>
    public void Saved(ModelSnapshot snapshot, bool hasFailed)
    {
        if (!hasFailed)
        {
            _states[snapshot.SequenceNr] = [snapshot];
            return;
        }

        StatesOf(snapshot.SequenceNr).Add(snapshot);
        DeletedByAkka(snapshot);
    }

    /// <summary>Behind a save that failed Akka deletes what has its number and no later time.</summary>
    public void DeletedByAkka(ModelSnapshot failed)
    {
        var states = StatesOf(failed.SequenceNr);
        if (states.Any(state => state?.Time <= failed.Time))
        {
            states.Add(null);
        }
    }

    /// <summary>A delete was answered.</summary>
    public void Deleted(SnapshotSelectionCriteria criteria, bool hasFailed)
    {
        foreach (var states in _states.Values)
        {
            if (states.Any(state => state?.Matches(criteria) == true))
            {
                states.RemoveWhere(state => !hasFailed && state?.Matches(criteria) == true);
                states.Add(null);
            }
        }
    }

    /// <summary>Checks what was loaded. What it says of that which was in doubt, stays so.</summary>
    /// <param name="criteria">What was asked for.</param>
    /// <param name="result">What came.</param>
    /// <exception cref="InvalidOperationException">It cannot be.</exception>
    public void Loaded(SnapshotSelectionCriteria criteria, LoadSnapshotResult result)
    {
        var found = result.Snapshot is { Metadata: var metadata } ? new ModelSnapshot(metadata.SequenceNr, metadata.Timestamp) : null;
        if (found is not null)
        {
            var isAsSaved = result.Snapshot.Snapshot is byte[] bytes && bytes.AsSpan().SequenceEqual(PayloadOf(found));
            Check(isAsSaved && result.Snapshot.Metadata.PersistenceId == id, $"{found} is {result.Snapshot}");
            Check(found.Matches(criteria) && _states.TryGetValue(found.SequenceNr, out var states) && states.Contains(found),
                $"{found} was never saved, is deleted, or is none of {criteria}");
        }

        var newer = _states.Where(states => found is null || states.Key > found.SequenceNr).ToArray();
        var passed = newer.Where(states => states.Value.All(state => state?.Matches(criteria) == true))
            .Select(states => states.Key).ToArray();
        Check(passed.Length == 0, $"{string.Join(',', passed)} are there, and {found?.ToString() ?? "nothing"} was loaded by {criteria}");
        Array.ForEach(newer, states => states.Value.RemoveWhere(state => state?.Matches(criteria) == true));
        if (found is not null)
        {
            _states[found.SequenceNr] = [found];
        }
    }

    private HashSet<ModelSnapshot?> StatesOf(long number) =>
        _states.TryGetValue(number, out var states) ? states : _states[number] = [null];

    private void Check(bool isRight, string problem)
    {
        if (!isRight)
        {
            throw new InvalidOperationException($"{id} of store {store}: {problem}");
        }
    }
}
