using Akka.Actor;
using Akka.Event;
using AkkaAio.Cluster.Logs;

namespace AkkaAio.Cluster.Owner;

// What changes the file: begun in order, answered in order, performed once.
internal sealed partial class FileOwner
{
    private const int ClientIdBytes = 16;

    // What clients have changed is remembered until the file is closed. With one more it is opened anew, or a file that is in use for
    // years, by clients that come and go, would fill the memory. Late duplicates of those that are forgotten are of another epoch.
    internal const int MostClients = 4096;

    private bool _brokenAppend;

    private void OnChange(Wire.Request request, OpenedFile open, IActorRef requester)
    {
        if (request.Client.Length != ClientIdBytes || request.Number == 0)
        {
            requester.Tell(Replies.Failure(
                Wire.FailureKind.FailureBadArgument,
                $"{_address}: a change names its client by {ClientIdBytes} bytes and has a number above 0; " +
                $"these are {request.Client.Length} bytes and {request.Number}"));
            return;
        }

        var client = new Guid(request.Client.Span, bigEndian: true);
        if (!_clients.TryGetValue(client, out var changes))
        {
            if (_clients.Count == MostClients && _streams == 0)
            {
                _reopens = true;
                Wait(request, requester);
                GoOn();
                return;
            }

            _clients.Add(client, changes = new ClientChanges());
        }

        if (changes.Find(request.Number) is { } known)
        {
            known.AlsoFor(requester);
            return;
        }

        if (request.Number <= changes.Last)
        {
            requester.Tell(Replies.Failure(
                Wire.FailureKind.FailureStale,
                $"{_address}: change {request.Number} of a client whose change {changes.Last} has come: it is a late duplicate",
                mayHaveHappened: !changes.IsCertain(request.Number)));
            return;
        }

        // A refusal is remembered as a reply is: told again later, when it would go through, the request changes nothing all the same.
        var refuses = new Refusal(request.Number, changes, requester);
        switch (request.OperationCase)
        {
            case Wire.Request.OperationOneofCase.WriteAt:
                OnWrite(request, client, changes, open, refuses, requester);
                break;
            case Wire.Request.OperationOneofCase.AppendAt:
                OnAppend(request, client, changes, open, refuses, requester);
                break;
            case Wire.Request.OperationOneofCase.OpenWrite:
                OnOpenWrite(request.OpenWrite, open, refuses, requester);
                break;
            default:
                if (IsAlone)
                {
                    BeginExclusive(request, changes, open, refuses, requester);
                }
                else
                {
                    _waiting.Enqueue((request, requester)); // as the first: nothing is handled while something waits
                }

                break;
        }
    }

    // A change that has come before, of the epoch that is open or was last.
    private Change? FindChange(Wire.Request request) =>
        request.Number > 0 && request.Client.Length == ClientIdBytes && request.Epoch == _epoch &&
        _clients.TryGetValue(new Guid(request.Client.Span, bigEndian: true), out var changes)
            ? changes.Find(request.Number)
            : null;

    private static bool IsSameChange(Wire.Request one, Wire.Request other) =>
        other.Number > 0 && one.Number == other.Number && one.Epoch == other.Epoch && one.Client.Equals(other.Client);

    private void OnWrite(
        Wire.Request request, Guid client, ClientChanges changes, OpenedFile open, Refusal refuses, IActorRef requester)
    {
        var write = request.WriteAt;
        if (open.Facts.Kind == Wire.Kind.Log)
        {
            refuses.Answer(
                Replies.Failure(Wire.FailureKind.FailureWrongKind, $"{_address} is a log: it can be appended to, and not written over"));
            return;
        }

        if (WhyNot(write.Offset, write.Data.Length) is { } reply)
        {
            refuses.Answer(reply);
            return;
        }

        var end = Math.Max(_end, write.Offset + write.Data.Length);
        if (!TryTake(client, write.Data.Length, end - _end, refuses))
        {
            return;
        }

        var change = new Change(request.Number, write.Data.Length, requester) { Success = Replies.Done(end), Offset = write.Offset };
        changes.Add(change);
        _end = end;
        Begin(change, client, () => WriteAsync(open, write.Offset, write.Data.Memory, write.Durable));
    }

    private Wire.Reply? WhyNot(long offset, int length) =>
        length > Settings.MaxTransfer || offset < 0 || offset > long.MaxValue - length - LogFrame.HeaderBytes
            ? Replies.Failure(
                Wire.FailureKind.FailureBadArgument,
                $"{_address}: {length} bytes at {offset}; it is 0 to {Settings.MaxTransfer} bytes at 0 or more")
            : null;

    private bool TryTake(Guid client, long bytes, long growth, Refusal refuses)
    {
        if (growth > 0 && _cluster.Space.WhyFull(_disk, growth) is { } why)
        {
            refuses.Answer(Replies.Failure(Wire.FailureKind.FailureDiskFull, $"{_address}: {why}", errno: Errno.ENOSPC));
            return false;
        }

        if (_cluster.Credits.TryTake(client, bytes))
        {
            return true;
        }

        refuses.Answer(Replies.Failure(
            Wire.FailureKind.FailureOverloaded,
            $"{_address}: the client has more than client-credit = {Settings.ClientCredit} bytes under way at this node; " +
            "wait for replies"));
        return false;
    }

    private void Begin(Change change, Guid client, Func<Task> perform)
    {
        _changes.AddLast(change);
        var credits = _cluster.Credits;
        _ = RunAsync(Self);

        async Task RunAsync(IActorRef self)
        {
            Exception? error = null;
            try
            {
                await perform().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                error = e;
            }

            credits.GiveBack(client, change.Bytes); // here: the owner may have ended
            self.Tell(new Performed(change, error), ActorRefs.NoSender);
        }
    }

    private void OnPerformed(Performed performed)
    {
        performed.Change.Done(performed.Error);
        while (_changes.First is { Value: { IsDone: true } change })
        {
            _changes.RemoveFirst();
            if (change.Error is { } error && !_isBroken)
            {
                // The file is closed, opened again and looked at: what comes behind was begun for an end that is not certain.
                _isBroken = true;
                if (change.AppendedAt is { } at)
                {
                    (_end, _brokenAppend) = (at, true);
                }

                _log.Warning(
                    "{Path}: change {Number} failed, and the file is opened anew: {Reason}", _address, change.Number, error.Message);
                change.Answer(Replies.Failure(error, mayHaveHappened: true));
            }
            else
            {
                _durableEnd = Math.Max(_durableEnd, _isBroken ? 0 : change.DurableEnd ?? 0);
                change.Answer(
                    !_isBroken ? change.Success
                    : Replies.Failure(change.Error ?? new AioException("a change before it has failed"), mayHaveHappened: true));
            }
        }

        GoOn();
    }

    private static AioDurability DurabilityOf(bool durable) => durable ? AioDurability.Dsync : AioDurability.None;

    private sealed record Performed(Change Change, Exception? Error) : INoSerializationVerificationNeeded;

    /// <summary>Answers a change that is not performed.</summary>
    private readonly record struct Refusal(ulong Number, ClientChanges Changes, IActorRef Requester)
    {
        public void Answer(Wire.Reply reply) => Begin().Answer(reply);

        /// <summary>Remembers it; its answer follows.</summary>
        public Change Begin()
        {
            var change = new Change(Number, 0, Requester);
            Changes.Add(change);
            return change;
        }
    }
}
