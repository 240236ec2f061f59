using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.Persistence.Tests.Model;

/// <summary>
/// Plays one persistent actor against a snapshot store: saves and deletes, some at once, and loads; starts anew after a failure, as its
/// supervisor would do. Checks each reply. Ends its task when it has done what it was to do, or with what the store did wrong.
/// </summary>
internal sealed class SnapshotModelActor : UntypedActor, IWithTimers
{
    private static readonly DateTime Time = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly IActorRef _snapshots;
    private readonly SnapshotModel _model;
    private readonly Random _random;
    private readonly ModelProgress _progress;
    private readonly TaskCompletionSource _done;
    private readonly List<Told> _told = []; // and not all of them answered
    private readonly int _numbers;
    private SnapshotSelectionCriteria? _loading;
    private int _left;
    private int _ticks;

    /// <param name="snapshots">The store.</param>
    /// <param name="model">What it has, afterwards too.</param>
    /// <param name="seed">Of what is told to it.</param>
    /// <param name="life">From 0 on: times go on from one life to the next.</param>
    /// <param name="progress">Told of each.</param>
    /// <param name="done">Ended at the end.</param>
    public SnapshotModelActor(
        IActorRef snapshots, SnapshotModel model, int seed, int life, ModelProgress progress, TaskCompletionSource done)
    {
        (_snapshots, _model, _progress, _done) = (snapshots, model, progress, done);
        _numbers = model.IsLarge ? 5 : 12;
        (_random, _left, _ticks) = (new Random(seed), LengthOf(seed), life * 1_000_000);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How often it tells the store something.</summary>
    public static int LengthOf(int seed) => 5 + (seed % 30);

    protected override void PreStart() => Load(SnapshotSelectionCriteria.Latest);

    protected override void OnReceive(object message)
    {
        try
        {
            Handle(message);
        }
        catch (Exception e)
        {
            _done.TrySetException(e);
            Context.Stop(Self);
        }
    }

    private void Handle(object message)
    {
        switch (message)
        {
            case LoadSnapshotResult result when _loading is { } loading:
                _loading = null;
                _model.Loaded(loading, result);
                Go();
                break;
            case LoadSnapshotFailed when _loading is not null:
                _loading = null;
                StartAnew();
                break;
            case "start":
                Load(SnapshotSelectionCriteria.Latest);
                break;
            case SaveSnapshotSuccess saved:
                Answered(told => told.Save?.Time == saved.Metadata.Timestamp, hasFailed: false);
                break;
            case SaveSnapshotFailure failed:
                Answered(told => told.Save?.Time == failed.Metadata.Timestamp, hasFailed: true);
                break;
            case DeleteSnapshotSuccess deleted:
                Answered(told => Equals(told.Request, new DeleteSnapshot(deleted.Metadata)), hasFailed: false);
                break;
            case DeleteSnapshotFailure failed:
                Answered(told => Equals(told.Request, new DeleteSnapshot(failed.Metadata)), hasFailed: true);
                break;
            case DeleteSnapshotsSuccess deleted:
                Answered(told => told.Request is DeleteSnapshots && Equals(told.Delete, deleted.Criteria), hasFailed: false);
                break;
            case DeleteSnapshotsFailure failed:
                Answered(told => told.Request is DeleteSnapshots && Equals(told.Delete, failed.Criteria), hasFailed: true);
                break;
            default:
                throw new InvalidOperationException($"unexpected: {message}");
        }
    }

    private void Go()
    {
        _progress.Written();
        if (_left-- <= 0)
        {
            _done.TrySetResult();
            Context.Stop(Self);
            return;
        }

        if (_random.Next(4) == 0)
        {
            Load(SomeCriteria());
            return;
        }

        // What the store is told at once, it does in this order.
        for (var i = _random.Next(4); i >= 0; i--)
        {
            var next = _random.Next(5) switch
            {
                0 => OneToDelete(),
                1 when _random.Next(3) == 0 => SomeToDelete(),
                _ => OneToSave(),
            };
            if (!_told.Exists(told => Equals(told.Request, next.Request)))
            {
                _told.Add(next);
                _snapshots.Tell(next.Request, Self);
            }
        }
    }

    private void Load(SnapshotSelectionCriteria criteria)
    {
        _loading = criteria;
        _snapshots.Tell(new LoadSnapshot(_model.Id, criteria, long.MaxValue), Self);
    }

    private void StartAnew()
    {
        _progress.Refused();
        Timers.StartSingleTimer("start", "start", TimeSpan.FromMilliseconds(2));
    }

    private Told OneToSave()
    {
        var snapshot = new ModelSnapshot(_random.Next(1, _numbers), Time.AddTicks(++_ticks));
        var metadata = new SnapshotMetadata(_model.Id, snapshot.SequenceNr, snapshot.Time);
        return new Told(new SaveSnapshot(metadata, _model.PayloadOf(snapshot)), snapshot, null);
    }

    // By its number alone, or if it is not later than some time.
    private Told OneToDelete()
    {
        var (number, time) = (_random.Next(1, _numbers), _random.Next(2) == 0 ? DateTime.MinValue : SomeTime());
        return new Told(
            new DeleteSnapshot(new SnapshotMetadata(_model.Id, number, time)), null,
            new SnapshotSelectionCriteria(number, time == DateTime.MinValue ? DateTime.MaxValue : time, number, DateTime.MinValue));
    }

    private Told SomeToDelete()
    {
        var criteria = SomeCriteria();
        return new Told(new DeleteSnapshots(_model.Id, criteria), null, criteria);
    }

    private SnapshotSelectionCriteria SomeCriteria()
    {
        var least = _random.Next(_numbers);
        return _random.Next(4) switch
        {
            0 => SnapshotSelectionCriteria.Latest,
            1 => new SnapshotSelectionCriteria(_random.Next(_numbers)),
            2 => new SnapshotSelectionCriteria(least + _random.Next(4), DateTime.MaxValue, least, DateTime.MinValue),
            _ => new SnapshotSelectionCriteria(long.MaxValue, SomeTime(), 0, _random.Next(2) == 0 ? DateTime.MinValue : SomeTime()),
        };
    }

    private DateTime SomeTime() => Time.AddTicks(_ticks - _random.Next(_numbers));

    private void Answered(Predicate<Told> isAnswered, bool hasFailed)
    {
        var told = _told.Find(told => told.HasFailed is null && isAnswered(told)) ??
                   throw new InvalidOperationException($"{_model.Id}: a reply that nothing was told for, or a second one");
        told.HasFailed = hasFailed;
        if (_told.Exists(other => other.HasFailed is null))
        {
            return;
        }

        foreach (var each in _told)
        {
            if (each.Save is { } snapshot)
            {
                _model.Saved(snapshot, each.HasFailed!.Value);
            }
            else
            {
                _model.Deleted(each.Delete!, each.HasFailed!.Value);
            }
        }

        var failures = _told.Where(each => each.HasFailed == true).ToArray();
        foreach (var failed in failures.Where(each => each.Save is not null))
        {
            _model.DeletedByAkka(failed.Save!); // behind all that was told at once
        }

        _told.Clear();
        if (failures.Length > 0)
        {
            StartAnew();
        }
        else
        {
            Go();
        }
    }

    private sealed record Told(object Request, ModelSnapshot? Save, SnapshotSelectionCriteria? Delete)
    {
        public bool? HasFailed { get; set; } // null: it is not answered
    }
}
