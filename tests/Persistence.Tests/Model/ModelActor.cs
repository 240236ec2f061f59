using System.Text;
using Akka.Actor;
using Akka.Persistence;

namespace AkkaAio.Persistence.Tests.Model;

/// <summary>
/// Plays one persistent actor against a journal: writes, starts anew after a failure as its supervisor would do, deletes, and checks each
/// reply. Ends its task when it has written what it was to write, or with what the journal did wrong.
/// </summary>
internal sealed class ModelActor : UntypedActor, IWithTimers
{
    private readonly IActorRef _journal;
    private readonly string _id;
    private readonly Random _random;
    private readonly ModelProgress _progress;
    private readonly TaskCompletionSource<ModelActor> _done;
    private readonly Queue<object> _expected = new(); // of the write under way: the event, or what was deferred
    private readonly List<long> _replayed = [];
    private readonly bool _isLarge;
    private int _left;
    private int _life;
    private long _next = 1;
    private bool _isFailing;

    public ModelActor(
        IActorRef journal, string id, int seed, int writes, ModelProgress progress, TaskCompletionSource<ModelActor> done)
    {
        (_journal, _id, _left, _progress, _done) = (journal, id, writes, progress, done);
        _random = new Random(seed);
        _isLarge = id.StartsWith(Large, StringComparison.Ordinal);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public string Id => _id;

    /// <summary>Sequence numbers that were acknowledged and are not deleted.</summary>
    public SortedSet<long> Acknowledged { get; } = [];

    /// <summary>Sequence numbers that may be stored, as their write failed.</summary>
    public SortedSet<long> Doubtful { get; } = [];

    /// <summary>Up to here a delete was acknowledged; and up to here one was asked for.</summary>
    public (long Done, long Asked) Deleted { get; private set; }

    /// <summary>Of an id that begins so events are large, and deleted often: their stores fill some segments, and give them back.</summary>
    public const string Large = "large";

    public static byte[] PayloadOf(string id, long sequenceNr)
    {
        var most = id.StartsWith(Large, StringComparison.Ordinal) ? 27_000 : 3_000;
        var payload = new byte[100 + (sequenceNr * 37 * 9 % most)];
        Encoding.UTF8.GetBytes($"{id} {sequenceNr}", payload);
        return payload;
    }

    protected override void PreStart() => Recover();

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
            case ReplayedMessage { Persistent: var stored }:
                Check(
                    stored.Payload is byte[] payload && payload.AsSpan().SequenceEqual(PayloadOf(_id, stored.SequenceNr)),
                    $"event {stored.SequenceNr} is {stored.Payload}");
                _replayed.Add(stored.SequenceNr);
                break;
            case RecoverySuccess success:
                OnRecovered(success.HighestSequenceNr);
                break;
            case ReplayMessagesFailure:
                _progress.Refused();
                Timers.StartSingleTimer("recover", "recover", TimeSpan.FromMilliseconds(2));
                break;
            case "recover":
                Recover();
                break;
            case WriteMessagesSuccessful:
                _isFailing = false;
                break;
            case WriteMessagesFailed failed:
                _isFailing = true;
                Check(failed.WriteCount == _atomics, $"{failed.WriteCount} atomic writes are said to have failed, of {_atomics}");
                EndWhenAnswered();
                break;
            case WriteMessageSuccess success:
                Check(!_isFailing && success.ActorInstanceId == _life, "success of a failed write, or of an earlier life");
                Expect(success.Persistent);
                Acknowledged.Add(success.Persistent.SequenceNr);
                EndWhenAnswered();
                break;
            case WriteMessageFailure failure:
                Check(_isFailing, "an event failed of a write that did not");
                Expect(failure.Persistent);
                Doubtful.Add(failure.Persistent.SequenceNr);
                EndWhenAnswered();
                break;
            case LoopMessageSuccess loop:
                Expect(loop.Message);
                EndWhenAnswered();
                break;
            case DeleteMessagesSuccess success:
                Deleted = (Math.Max(Deleted.Done, success.ToSequenceNr), Deleted.Asked);
                Go();
                break;
            case DeleteMessagesFailure:
                Go();
                break;
            default:
                Check(false, $"unexpected: {message}");
                break;
        }
    }

    private int _atomics;

    private void Recover()
    {
        _life++;
        _replayed.Clear();
        _journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, _id, Self), Self);
    }

    private void OnRecovered(long highest)
    {
        CheckStored(_replayed, highest);
        foreach (var stored in _replayed)
        {
            Acknowledged.Add(stored); // what was replayed once stays
        }

        Doubtful.Clear();
        _next = highest + 1;
        Go();
    }

    /// <summary>Checks what a replay gave.</summary>
    public void CheckStored(List<long> replayed, long highest)
    {
        Check(replayed.SequenceEqual(replayed.Distinct().Order()), $"replayed {string.Join(',', replayed)}");
        var missing = Acknowledged.Where(nr => nr > Deleted.Asked).Except(replayed).ToArray();
        Check(missing.Length == 0,
            $"{string.Join(',', missing)} were acknowledged and are not there; there are {string.Join(',', replayed)}");
        var invented = replayed.Except(Acknowledged).Except(Doubtful).ToArray();
        Check(invented.Length == 0, $"{string.Join(',', invented)} were never written, or were found to be absent before");
        Check(replayed.All(nr => nr > Deleted.Done), $"deleted to {Deleted.Done}, and there are {string.Join(',', replayed)}");
        Check(highest >= Acknowledged.LastOrDefault(), $"highest {highest}, and {Acknowledged.LastOrDefault()} was acknowledged");
    }

    private void Go()
    {
        _progress.Written();
        if (_left-- <= 0)
        {
            _done.TrySetResult(this);
            Context.Stop(Self);
            return;
        }

        if (_random.Next(_isLarge ? 4 : 8) == 0 && _next > 1)
        {
            var to = _random.Next(2) == 0 ? _next - 1 : _random.NextInt64(_next); // all: segments are given back
            Deleted = (Deleted.Done, Math.Max(Deleted.Asked, to));
            _journal.Tell(new DeleteMessagesTo(_id, to, Self), Self);
            return;
        }

        var messages = new List<IPersistentEnvelope>();
        _atomics = 0;
        for (var i = _random.Next(3); i >= 0; i--)
        {
            if (_random.Next(5) == 0)
            {
                messages.Add(new Support.Deferred($"deferred {i}", Self));
                _expected.Enqueue($"deferred {i}");
                continue;
            }

            _atomics++;
            var events = Enumerable.Range(0, 1 + _random.Next(3))
                .Select(_ => new Persistent(
                    PayloadOf(_id, _next), _next++, _id, sender: ActorRefs.NoSender, writerGuid: $"{_id}-{_life}")).ToArray();
            messages.Add(new AtomicWrite([.. events]));
            Array.ForEach(events, _expected.Enqueue);
        }

        _journal.Tell(new WriteMessages(messages, Self, _life), Self);
    }

    private void Expect(object reply) =>
        Check(
            _expected.TryDequeue(out var expected) && (ReferenceEquals(expected, reply) || Equals(expected, reply)),
            $"{reply} instead of {expected}");

    private void EndWhenAnswered()
    {
        if (_expected.Count > 0)
        {
            return;
        }

        if (_isFailing)
        {
            _isFailing = false;
            Recover();
        }
        else
        {
            Go();
        }
    }

    private void Check(bool isRight, string problem)
    {
        if (!isRight)
        {
            throw new InvalidOperationException($"{_id}, life {_life}: {problem}");
        }
    }
}
