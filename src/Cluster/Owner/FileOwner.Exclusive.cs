using Akka.Actor;

namespace AkkaAio.Cluster.Owner;

// Changes that have the file alone: Truncate, Flush and Delete.
internal sealed partial class FileOwner
{
    private bool IsAlone => _changes.Count == 0 && _reads.Count == 0 && _writeStreams == 0;

    // Nothing else is under way. What comes in the meantime waits.
    private void BeginExclusive(
        Wire.Request request, ClientChanges changes, OpenedFile open, Refusal refuses, IActorRef requester)
    {
        var truncate = request.Truncate;
        if (truncate is not null && open.Facts.Kind == Wire.Kind.Log)
        {
            refuses.Answer(
                Replies.Failure(Wire.FailureKind.FailureWrongKind, $"{_address} is a log: it can be appended to, and not truncated"));
            return;
        }

        if (truncate is { NewEnd: < 0 })
        {
            refuses.Answer(
                Replies.Failure(Wire.FailureKind.FailureBadArgument, $"{_address}: a new end of {truncate.NewEnd}; it is 0 or more"));
            return;
        }

        if (truncate is not null && truncate.ExpectedEnd != _end)
        {
            refuses.Answer(truncate.NewEnd == _end ? Replies.Done(_end) : Replies.WrongEnd(_end));
            return;
        }

        if (truncate is not null && truncate.NewEnd > _end && _cluster.Space.WhyFull(_disk, truncate.NewEnd - _end) is { } why)
        {
            refuses.Answer(Replies.Failure(Wire.FailureKind.FailureDiskFull, $"{_address}: {why}", errno: Errno.ENOSPC));
            return;
        }

        if (request.Flush is { } flush && WhyLost(flush, open) is { } lost)
        {
            refuses.Answer(lost);
            return;
        }

        var change = new Change(request.Number, 0, requester) { Success = Replies.Done(truncate?.NewEnd ?? _end) };
        changes.Add(change);
        (_isBusy, _exclusive) = (true, change);
        var isDelete = request.OperationCase == Wire.Request.OperationOneofCase.Delete;
        _ = RunAsync(Self);

        async Task RunAsync(IActorRef self)
        {
            Exception? error = null;
            try
            {
                if (truncate is not null)
                {
                    await open.File.SetLengthAsync(truncate.NewEnd).ConfigureAwait(false);
                }

                if (isDelete)
                {
                    await WithDescriptorAsync(open, () => _disk.Delete(_address.Name)).ConfigureAwait(false);
                }
                else
                {
                    await open.File.FlushAsync().ConfigureAwait(false);
                }
            }
            catch (Exception e)
            {
                error = e;
            }

            self.Tell(new ExclusiveDone(change, truncate?.NewEnd, isDelete, error), ActorRefs.NoSender);
        }
    }

    private void OnExclusiveDone(ExclusiveDone done)
    {
        (_isBusy, _exclusive) = (false, null);
        if (done.Error is { } error)
        {
            _isBroken = true;
            done.Change.Answer(Replies.Failure(error, mayHaveHappened: true));
        }
        else
        {
            _end = done.NewEnd ?? _end;
            _durableEnd = _end;
            _isBroken |= done.IsDelete; // closes it
            done.Change.Answer(done.Change.Success);
        }

        GoOn();
    }

    private sealed record ExclusiveDone(Change Change, long? NewEnd, bool IsDelete, Exception? Error) : INoSerializationVerificationNeeded;
}
