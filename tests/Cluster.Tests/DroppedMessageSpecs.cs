using Akka.Actor;

namespace AkkaAio.Cluster.Tests;

/// <summary>Sharding drops messages while a shard moves: a call tells its request again well before its attempt is over.</summary>
public sealed class DroppedMessageSpecs(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_request_whose_message_was_dropped_is_told_again_and_performed_once()
    {
        var client = await cluster.StartAsync(hocon: "akka.io.aio.cluster { attempt-timeout = 5m, call-timeout = 10m }");
        var calls = AioClusterExt.Get(client);
        calls.Region = client.ActorOf(Props.Create(() => new DropsFirst(calls.Region)));
        var log = await calls.OpenAsync(
            $"{cluster.DiskOf(0)}/{Guid.NewGuid():N}", new() { Mode = FileMode.CreateNew, Kind = AioClusterFileKind.Log }).WaitAsync(Time);
        for (var i = 0; i < 3; i++)
        {
            await log.AppendAsync(new byte[] { 1 }).WaitAsync(Time);
        }

        Assert.Equal(3, await log.ReadLogAsync().CountAsync().AsTask().WaitAsync(Time));
        await cluster.StopAsync(client);
    }

    /// <summary>Of each request the first message.</summary>
    private sealed class DropsFirst : UntypedActor
    {
        private readonly IActorRef _region;
        private readonly HashSet<object> _dropped = new(ReferenceEqualityComparer.Instance);

        public DropsFirst(IActorRef region) => _region = region;

        protected override void OnReceive(object message)
        {
            if (!_dropped.Add(message))
            {
                _region.Forward(message);
            }
        }
    }
}
