using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using AkkaAio.Cluster.Protocol;
using CsCheck;

namespace AkkaAio.Cluster.Tests;

/// <summary>What strangers and other versions send to a node: answered typed or dropped, and no harm to others.</summary>
[Collection(AloneCollection.Name)]
public sealed class GarbageSpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    private static readonly string[] Manifests = ["q1", "p1", "c1", "", "q2", "System.String"];

    [Fact]
    public async Task Ten_thousand_envelopes_with_garbled_payloads_and_unknown_manifests_have_a_typed_reply_each()
    {
        const int Envelopes = 10_000;
        const int AtOnce = 500;
        var system = await Cluster.StartAsync();
        var serializer = new GarbledSerializer((ExtendedActorSystem)system);
        system.Serialization.AddSerializer("garbled", serializer);
        system.Serialization.AddSerializationMap(typeof(Garbled), serializer);
        var file = await Cluster.Node(1).OpenAsync(NewAddress(), new() { Mode = FileMode.CreateNew });
        await file.WriteAsync(new byte[10], 0);
        var region = await system
            .ActorSelection(new RootActorPath(Cluster.Node(0).Cluster.SelfAddress) / "system" / "sharding" / "aio-disk").ResolveOne(Time);
        var whole = Google.Protobuf.MessageExtensions.ToByteArray(
            new Wire.Request { File = file.Address, ReadAt = new Wire.ReadAt { Length = 5 } });
        var random = new Random(7);
        var kinds = new Dictionary<string, int>();
        for (var sent = 0; sent < Envelopes; sent += AtOnce)
        {
            var replies = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => region.Ask<Wire.Reply>(Next(), Time)));
            foreach (var reply in replies)
            {
                var kind = reply.Failure is { } failure ? failure.Kind.ToString() : reply.ResultCase.ToString();
                kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
            }
        }

        Assert.Equal(Envelopes, kinds.Values.Sum());
        Assert.DoesNotContain("None", kinds.Keys);
        Assert.True(kinds["Unsupported"] > Envelopes / 4, string.Join(", ", kinds));
        Assert.Equal(10, (await Cluster.Node(2).StatAsync(file.Address)).Length);
        await Cluster.StopAsync(system);

        Garbled Next()
        {
            var bytes = random.Next(3) == 0 ? [.. whole] : new byte[random.Next(300)];
            if (bytes.Length == whole.Length)
            {
                // Not in the disk's id: another disk may be away, and is waited for.
                bytes[random.Next(2 + Names.FileAddress.DiskIdLength, bytes.Length)] ^= (byte)(1 << random.Next(8));
            }
            else
            {
                random.NextBytes(bytes);
            }

            return new Garbled(random.Next(2) == 0 ? ClusterSerializer.RequestManifest : $"q{random.Next(2, 99)}", bytes);
        }
    }

    [Fact]
    public async Task A_thousand_connections_with_random_bytes_leave_the_others_as_they_were_and_memory_flat()
    {
        var file = await Cluster.Node(1).OpenAsync(NewAddress(), new() { Mode = FileMode.CreateNew });
        var port = Cluster.Node(0).Cluster.SelfAddress.Port!.Value;
        var random = new Random(3);
        await SendAsync(100); // buffers, threads
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await SendAsync(1000);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.True(after - before < 32 << 20, $"{before >> 20} MiB before, {after >> 20} MiB behind");
        await file.WriteAsync(new byte[10], 0).WaitAsync(Time);
        Assert.Equal(
            Cluster.Systems.Count, Cluster.Node(2).Cluster.State.Members.Count(member => member.Status == Akka.Cluster.MemberStatus.Up));
        Assert.Empty(Cluster.Node(0).Cluster.State.Unreachable);

        async Task SendAsync(int connections)
        {
            for (var i = 0; i < connections; i++)
            {
                var bytes = new byte[random.Next(1, 5000)];
                random.NextBytes(bytes);
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port);
                try
                {
                    await socket.SendAsync(bytes);
                }
                catch (SocketException)
                {
                    // It has been closed already.
                }
            }
        }
    }

    [Fact]
    public void Bytes_of_any_manifest_are_a_message_or_an_unknown_one_and_never_an_error() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, Manifests.Length - 1]).Sample((bytes, which) =>
        {
            var manifest = Manifests[which];
            var serializer = new ClusterSerializer((ExtendedActorSystem)Cluster.Systems[0]);
            return serializer.FromBinary(bytes, manifest) switch
            {
                Wire.Request => manifest == "q1",
                Wire.Reply => manifest == "p1",
                Wire.Chunk => manifest == "c1",
                UnknownMessage unknown => unknown.Manifest.StartsWith(manifest, StringComparison.Ordinal),
                _ => false,
            };
        }, iter: 20_000);

    [Fact]
    public async Task An_envelope_that_names_a_type_makes_no_object()
    {
        using var system = ActorSystem.Create("json", ConfigurationFactory.ParseString(
            "akka.actor { serializers.json = \"AkkaAio.Cluster.Protocol.RefusingSerializer, AkkaAio.Cluster\", " +
            "serialization-settings.allow-unregistered-types = false }"));
        var name = typeof(Trap).AssemblyQualifiedName!;
        foreach (var json in new[] { $"{{\"$type\":\"{name}\"}}", "{}" })
        {
            Assert.ThrowsAny<Exception>(() => system.Serialization.Deserialize(System.Text.Encoding.UTF8.GetBytes(json), 1, name));
        }

        Assert.Equal(0, Trap.Made);
        var mine = new Trap();
        Assert.ThrowsAny<Exception>(() => system.Serialization.FindSerializerFor(mine).ToBinary(mine));
        await system.Terminate();
    }

    private sealed class Trap
    {
        public Trap() => Made++;

        public static int Made { get; private set; }
    }
}
