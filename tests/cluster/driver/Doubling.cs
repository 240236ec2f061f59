using Akka.Actor;

namespace AkkaAio.ClusterDriver;

/// <summary>On the way to a client's region: delays some changes, and sends each once more after a random time.</summary>
internal sealed class Doubling : UntypedActor
{
    private readonly IActorRef _region;
    private readonly Random _random;

    public Doubling(IActorRef region, int seed) => (_region, _random) = (region, new Random(seed));

    public static Props PropsFor(IActorRef region, int seed) => Props.Create(() => new Doubling(region, seed));

    protected override void OnReceive(object message)
    {
        if (message is not AkkaAio.Cluster.Wire.Request change || (change.Number == 0 && change.Open is not { Create: true }))
        {
            _region.Forward(message);
            return;
        }

        if (_random.Next(2) == 0)
        {
            _region.Forward(change);
        }
        else
        {
            Again(change, _random.Next(100), Sender);
        }

        // Most soon, among the requests that come behind; some late, behind a kill and a restart. What makes a file: behind its Delete.
        Again(
            change,
            change.Open is not null ? _random.Next(3_000) : _random.Next(4) == 0 ? _random.Next(10_000) : _random.Next(50),
            ActorRefs.NoSender);
    }

    private void Again(AkkaAio.Cluster.Wire.Request change, int milliseconds, IActorRef? sender) =>
        Context.System.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(milliseconds), _region, change, sender!);
}
