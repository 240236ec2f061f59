using Akka.Actor;
using AkkaAio.Cluster.Protocol;

namespace AkkaAio.Cluster.Owner;

/// <summary>Answers what no file's owner can: a message of another version, an address that is none.</summary>
internal sealed class RefusingOwner : UntypedActor
{
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case UnknownMessage unknown:
                Sender.Tell(Replies.Unsupported(unknown.Manifest));
                break;
            case Wire.Request request:
                Sender.Tell(Replies.Failure(
                    Wire.FailureKind.FailureBadName,
                    Names.FileAddress.TryParse(request.File, out _) ?? $"{request.File} is on no disk of this node"));
                break;
            case StopOwner:
                Context.Stop(Self);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}
