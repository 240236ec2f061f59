using Akka.Actor;
using AkkaAio.Cluster.Owner;
using CsCheck;

namespace AkkaAio.Cluster.Tests;

/// <summary>
/// A log of any appends by several clients, with owners that leave or are stopped in between, is read as it was acknowledged.
/// </summary>
public sealed class ReadLogSpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    private const int OwnerLeaves = 10; // of 12
    private const int OwnerStops = 11;

    [Fact]
    public Task What_was_acknowledged_is_read_from_the_start_and_from_any_record() =>
        Gen.Select(Gen.Int[0, 11], Gen.Frequency((6, Gen.Int[0, 200]), (1, Gen.Int[30_000, 65_536])), Gen.Bool).Array[1, 40]
            .SampleAsync(async steps =>
            {
                var address = NewAddress();
                await Cluster.Node(0).OpenAsync(address, new() { Mode = FileMode.CreateNew, Kind = AioClusterFileKind.Log });
                var clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(node => Cluster.Node(node).OpenAsync(address)));
                var expected = new List<(long Next, byte[] Payload)>();
                foreach (var (what, length, isDurable) in steps)
                {
                    if (what >= OwnerLeaves)
                    {
                        object end = what == OwnerStops ? PoisonPill.Instance : StopOwner.Instance;
                        Assert.True(await (await OwnerOfAsync(address)).GracefulStop(Time, end));
                        await clients[0].ReadAsync(0, 1); // opens it again
                        continue;
                    }

                    var payload = new byte[length];
                    Random.Shared.NextBytes(payload);
                    var durability = isDurable ? AioDurability.Dsync : AioDurability.None;
                    expected.Add((await clients[what % 3].AppendAsync(payload, durability), payload));
                }

                var read = await clients[1].ReadLogAsync().ToArrayAsync();
                Assert.Equal(expected.Select(append => append.Next), read.Select(record => record.Next));
                Assert.All(read.Zip(expected), pair => Assert.True(pair.First.Payload.Span.SequenceEqual(pair.Second.Payload)));
                Assert.Equal(read.Select(record => record.Epoch).Order(), read.Select(record => record.Epoch));
                if (read.Length > 0)
                {
                    var from = steps.Length % read.Length;
                    Assert.Equal(
                        read[from..].Select(record => record.Next),
                        await clients[2].ReadLogAsync(read[from].Offset).Select(record => record.Next).ToArrayAsync());
                    var off = await Assert.ThrowsAsync<AioClusterFileException>(
                        () => clients[2].ReadLogAsync(read[from].Offset + 1).ToArrayAsync().AsTask());
                    Assert.Equal(AioClusterFailure.Damaged, off.Failure);
                }
            }, iter: 6, threads: 1);
}
