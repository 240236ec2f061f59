using Akka.Actor;
using AkkaAio.Cluster.Disks;

namespace AkkaAio.Cluster.Client;

/// <summary>Requests to owners, told again until there is an answer or the time is over.</summary>
internal sealed class ClusterCalls(AioClusterExt cluster)
{
    private const string Time = AioClusterSettings.Path + ".call-timeout";

    // A message that sharding has dropped at a hand-off is missed after this time, and told again; then after twice the time, and so on.
    // It is told again to be answered once: the owner knows it by its number.
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(250);

    private long _number;

    /// <summary>Of this process; in every change that it makes.</summary>
    public Guid ClientId { get; } = Guid.NewGuid();

    private AioClusterSettings Settings => cluster.Settings;

    /// <summary>Asks until there is an answer that another attempt would not change.</summary>
    /// <param name="make">
    /// The request of an attempt, by whether one before may have been performed. Told again after a time-out it must be the same; it is
    /// made anew only where the owner says that it did nothing.
    /// </param>
    /// <param name="changes">Whether the request changes something, so that no answer means that it may have happened.</param>
    /// <param name="cancellationToken">Ends the call; what was told may be performed all the same.</param>
    /// <param name="mayHaveHappened">An earlier request for the same change may have been performed.</param>
    /// <exception cref="AioClusterFileException">The owner says why not, or did not answer in time.</exception>
    public async Task<Answer> CallAsync(
        Func<bool, Wire.Request> make, bool changes, CancellationToken cancellationToken, bool mayHaveHappened = false)
    {
        var deadline = DateTime.UtcNow + Settings.CallTimeout;
        var request = make(mayHaveHappened);
        Wire.Failure? last = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rest = deadline - DateTime.UtcNow;
            if (rest <= TimeSpan.Zero)
            {
                throw Late(request, mayHaveHappened, last);
            }

            var (reply, toldAgain) = await AskAsync(
                request, rest < Settings.AttemptTimeout ? rest : Settings.AttemptTimeout, cancellationToken).ConfigureAwait(false);
            last = reply?.Failure;
            // The one that answers may be another owner than the one that was told first.
            mayHaveHappened |= changes && (reply is null || toldAgain);
            if (reply is null)
            {
                // Told once more below.
            }
            else if (last is null)
            {
                return new Answer(request, reply, mayHaveHappened);
            }
            else
            {
                mayHaveHappened |= changes && last.MayHaveHappened;
                switch (last.Kind)
                {
                    case Wire.FailureKind.FailureNotFound when last.MakeEpoch > 0:
                        request = ThatMakes(request, last.MakeEpoch);
                        continue;
                    case Wire.FailureKind.FailureStale when !last.MayHaveHappened:
                        request = make(mayHaveHappened); // it was overtaken by a later one of ours, and not performed
                        continue;
                    case Wire.FailureKind.FailureOverloaded or Wire.FailureKind.FailureMoving:
                        // The owner remembers that it has refused this change. What has no number it does not remember.
                        request = last.MayHaveHappened || request.Number == 0 ? request : make(mayHaveHappened);
                        break;
                    default:
                        throw ErrorOf(request.File, last, mayHaveHappened);
                }
            }

            await Task.Delay(Settings.Retry * (0.5 + Random.Shared.NextDouble()), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Client and number of a new change.</summary>
    public Wire.Request Change(string file, Google.Protobuf.ByteString fileId, ulong epoch) => new()
    {
        File = file,
        FileId = fileId,
        Epoch = epoch,
        Client = Owner.Replies.BytesOf(ClientId),
        Number = (ulong)Interlocked.Increment(ref _number),
    };

    public static AioClusterFileException ErrorOf(string file, Wire.Failure failure, bool mayHaveHappened) => new(
        file,
        failure.Kind switch
        {
            Wire.FailureKind.FailureNotFound => AioClusterFailure.NotFound,
            Wire.FailureKind.FailureExists => AioClusterFailure.Exists,
            Wire.FailureKind.FailureBadName => AioClusterFailure.BadName,
            Wire.FailureKind.FailureBadArgument => AioClusterFailure.BadArgument,
            Wire.FailureKind.FailureWrongKind => AioClusterFailure.WrongKind,
            Wire.FailureKind.FailureOverloaded => AioClusterFailure.Overloaded,
            Wire.FailureKind.FailureDamaged => AioClusterFailure.Damaged,
            Wire.FailureKind.FailureLost => AioClusterFailure.Lost,
            Wire.FailureKind.FailureDiskFull => AioClusterFailure.DiskFull,
            _ => AioClusterFailure.Io,
        },
        mayHaveHappened ? AioOutcome.MayHaveHappened : AioOutcome.NotPerformed, failure.Message);

    // The id says to an owner that is told again that this call has made the file. With another epoch it is another one: the file may have
    // been made and deleted since, and one that is made again has another id.
    private static Wire.Request ThatMakes(Wire.Request open, ulong makeEpoch)
    {
        if (open.Epoch == makeEpoch)
        {
            return open;
        }

        var request = open.Clone(); // the one that was told may be under way yet
        request.Epoch = makeEpoch;
        request.Open.NewId = Owner.Replies.BytesOf(Guid.NewGuid());
        return request;
    }

    // Null: no answer in time.
    private async Task<(Wire.Reply? Reply, bool ToldAgain)> AskAsync(
        Wire.Request request, TimeSpan time, CancellationToken cancellationToken)
    {
        IActorRef requester = ActorRefs.Nobody;
        var answer = cluster.Region.Ask<object>(
            self =>
            {
                requester = self;
                return request;
            }, time, cancellationToken);
        var toldAgain = false;
        for (var wait = FirstWait; wait < time; wait *= 2)
        {
            await ((Task)answer).WaitAsync(wait, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (answer.IsCompleted || cancellationToken.IsCancellationRequested)
            {
                break;
            }

            cluster.Region.Tell(request, requester);
            toldAgain = true;
        }

        try
        {
            Wire.Reply known = await answer.ConfigureAwait(false) switch
            {
                Wire.Reply { Unsupported: { } unsupported } => throw new AioClusterFileException(
                    request.File, AioClusterFailure.Unsupported, AioOutcome.NotPerformed,
                    $"{request.File}: its owner does not know \"{unsupported.Manifest}\": it runs another version"),
                Wire.Reply { ResultCase: not Wire.Reply.ResultOneofCase.None } reply => reply,
                var other => throw new AioClusterFileException(
                    request.File, AioClusterFailure.Unsupported, AioOutcome.MayHaveHappened,
                    $"{request.File}: its owner has answered with what this version does not know: {other}"),
            };
            return (known, toldAgain);
        }
        catch (AskTimeoutException)
        {
            return (null, toldAgain);
        }
    }

    private AioClusterFileException Late(Wire.Request request, bool mayHaveHappened, Wire.Failure? last)
    {
        var disk = request.File[..Math.Min(request.File.Length, Names.FileAddress.DiskIdLength)];
        var nodes = DiskRole.NodesOf(cluster.Cluster.State, disk, out var isShared);
        var failure = last?.Kind == Wire.FailureKind.FailureOverloaded ? AioClusterFailure.Overloaded
            : nodes.Count > 1 && !isShared ? AioClusterFailure.DiskDoubled
            : AioClusterFailure.Unavailable;
        var why = last?.Message
            ?? DiskAllocationStrategy.WhyNotOne(disk, nodes, isShared)
            ?? $"its owner on {string.Join(" or ", nodes)} did not answer";
        return new AioClusterFileException(
            request.File, failure, mayHaveHappened ? AioOutcome.MayHaveHappened : AioOutcome.NotPerformed,
            $"{request.File}: {why} ({Time} = {Settings.CallTimeout})");
    }

    /// <summary>What came of a call.</summary>
    /// <param name="Request">The request that was answered.</param>
    /// <param name="Reply">The answer, which is no failure.</param>
    /// <param name="WasUnsure">An attempt before it may have been performed.</param>
    internal sealed record Answer(Wire.Request Request, Wire.Reply Reply, bool WasUnsure);
}
