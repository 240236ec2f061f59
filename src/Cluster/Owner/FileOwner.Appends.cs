using Akka.Actor;
using AkkaAio.Cluster.Logs;

namespace AkkaAio.Cluster.Owner;

// Appends: each names the end that it expects, and its writer.
internal sealed partial class FileOwner
{
    private void OnAppend(
        Wire.Request request, Guid client, ClientChanges changes, OpenedFile open, Refusal refuses, IActorRef requester)
    {
        var append = request.AppendAt;
        if ((WhyNot(append.ExpectedEnd, append.Data.Length) ?? WhyNotWriter(append.Writer)) is { } reply)
        {
            refuses.Answer(reply);
            return;
        }

        if (open.Damage is { } damage)
        {
            refuses.Answer(Replies.Failure(Wire.FailureKind.FailureDamaged, damage));
            return;
        }

        var isLog = open.Facts.Kind == Wire.Kind.Log;
        var size = isLog ? LogFrame.SizeOf(append.Data.Length) : append.Data.Length;
        if (append.ExpectedEnd != _end)
        {
            AnswerOtherEnd(append, size, isLog, WriterOf(append, client), open, refuses);
            return;
        }

        if (!TryTake(client, size, size, refuses))
        {
            return;
        }

        var at = _end;
        _end += size;
        var data = append.Data.Memory;
        if (isLog)
        {
            var frame = new byte[size];
            LogFrame.Write(frame, at, open.Epoch, WriterOf(append, client), _durableEnd, append.Data.Span);
            data = frame;
        }

        var change = new Change(request.Number, size, requester)
        {
            Success = Replies.Done(_end),
            Offset = at,
            AppendedAt = at,
            DurableEnd = append.Durable && isLog ? _end : null,
        };
        changes.Add(change);
        Begin(change, client, () => isLog ? AppendAsync(open, at, data, append.Durable) : WriteAsync(open, at, data, append.Durable));
    }

    // An append that was performed by an earlier owner, whose reply was lost, is a success: its bytes are there.
    private void AnswerOtherEnd(
        Wire.AppendAt append, int size, bool isLog, Guid writer, OpenedFile open, Refusal refuses)
    {
        if (append.IsFirst || append.ExpectedEnd > _end - size || size == 0)
        {
            refuses.Answer(Replies.WrongEnd(_end));
            return;
        }

        if (_changes.Any(change => change.Offset < append.ExpectedEnd + size && change.Offset + change.Bytes > append.ExpectedEnd))
        {
            refuses.Answer(
                Replies.Failure(Wire.FailureKind.FailureOverloaded, $"{_address}: what is at {append.ExpectedEnd} is being written"));
            return;
        }

        var comparison = refuses.Begin();
        _reads.Add(comparison);
        _ = CompareAsync(Self, _end);

        async Task CompareAsync(IActorRef self, long end)
        {
            Wire.Reply reply;
            try
            {
                var there = new byte[size];
                var count = await open.File.ReadAsync(there, append.ExpectedEnd).ConfigureAwait(false);
                var isThere = count == size && (isLog
                    ? LogFrame.TryReadHeader(there, out var frame) && frame.Writer == writer && frame.Length == append.Data.Length &&
                      frame.IsIntact(there, append.ExpectedEnd) && there.AsSpan(LogFrame.HeaderBytes).SequenceEqual(append.Data.Span)
                    : there.AsSpan().SequenceEqual(append.Data.Span));
                if (isThere && append.Durable)
                {
                    await open.File.FlushAsync().ConfigureAwait(false); // the earlier owner may have ended before it was
                }

                reply = isThere ? Replies.Done(append.ExpectedEnd + size) : Replies.WrongEnd(end);
            }
            catch (Exception e)
            {
                reply = Replies.Failure(e, mayHaveHappened: true);
            }

            self.Tell(new ReadDone(comparison, reply), ActorRefs.NoSender);
        }
    }

    private static Guid WriterOf(Wire.AppendAt append, Guid client) =>
        append.Writer.IsEmpty ? client : new Guid(append.Writer.Span, bigEndian: true);

    private Wire.Reply? WhyNotWriter(Google.Protobuf.ByteString writer) =>
        writer.Length is 0 or ClientIdBytes
            ? null
            : Replies.Failure(Wire.FailureKind.FailureBadArgument, $"{_address}: a writer of {writer.Length} bytes; it is {ClientIdBytes}");
}
