using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Benchmarks.Compare;
using AkkaAio.Cluster;

namespace AkkaAio.Benchmarks.Cluster;

/// <summary>
/// A file put into a disk of another process and got back, beside bare stream refs of byte arrays between the same two processes, in
/// turn.
/// </summary>
internal static class ClusterStreamsVerb
{
    private const string OwnerVerb = "cluster-streams-owner";

    public static Command Create()
    {
        var directory = new Option<DirectoryInfo>("--directory") { Description = "where the disk's folder is made", Required = true };
        var size = new Option<long>("--mib") { Description = "MiB of the file", DefaultValueFactory = _ => 1024 };
        var rounds = new Option<int>("--rounds") { Description = "rounds", DefaultValueFactory = _ => 3 };
        var command = new Command("cluster-streams", "Put and get of a cluster's file beside bare StreamRefs of byte arrays.") { directory, size, rounds };
        command.SetAction((parsed, token) => RunAsync(parsed.GetValue(directory)!.FullName, parsed.GetValue(size) << 20, parsed.GetValue(rounds), token));
        return command;
    }

    /// <summary>The other process.</summary>
    public static Command CreateOwner()
    {
        var directory = new Argument<string>("directory");
        var port = new Argument<int>("port");
        var command = new Command(OwnerVerb, "Internal.") { directory, port };
        command.Hidden = true;
        command.SetAction(async (parsed, token) =>
        {
            var system = Start(parsed.GetValue(port), parsed.GetValue(port), $"akka.io.aio.cluster.directories = [\"{parsed.GetValue(directory)}\"]");
            system.ActorOf(Props.Create(() => new BareStreams()), BareStreams.Name);
            await Console.In.ReadLineAsync(token);
            await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
        });
        return command;
    }

    private static async Task<int> RunAsync(string directory, long bytes, int rounds, CancellationToken token)
    {
        var disk = Directory.CreateDirectory(Path.Combine(directory, $"cluster-streams-{Environment.ProcessId}")).FullName;
        var port = FreePort();
        string[] verb = [Dotnet.Assembly("AkkaAio.Benchmarks"), OwnerVerb, disk, port.ToString(CultureInfo.InvariantCulture)];
        using var owner = Process.Start(new ProcessStartInfo(Dotnet.Host, verb)
        {
            RedirectStandardInput = true,
        })!;
        var system = Start(0, port, "");
        try
        {
            var cluster = AioClusterExt.Get(system);
            while (cluster.GetDisks().Count == 0)
            {
                if (owner.HasExited)
                {
                    throw new InvalidOperationException($"the process with the disk has ended with {owner.ExitCode}");
                }

                await Task.Delay(100, token);
            }

            var bare = await system.ActorSelection($"akka.tcp://files@127.0.0.1:{port}/user/{BareStreams.Name}").ResolveOne(TimeSpan.FromSeconds(20), token);
            var materializer = system.Materializer();
            var chunks = (int)(bytes / BareStreams.ChunkBytes);
            var chunk = new byte[BareStreams.ChunkBytes];
            new Random(1).NextBytes(chunk);
            for (var round = 0; round <= rounds; round++)
            {
                var sink = await bare.Ask<ISinkRef<byte[]>>("sink", TimeSpan.FromSeconds(20), token);
                var bareSink = await Rate(bytes, async () =>
                {
                    _ = Source.Repeat(chunk).Take(chunks).RunWith(sink.Sink, materializer);
                    await bare.Ask<long>(0L, TimeSpan.FromMinutes(5), token);
                });
                var file = await cluster.OpenAsync($"{cluster.GetDisks()[0].Id}/file", new() { Mode = FileMode.OpenOrCreate }, token);
                var put = await Rate(bytes, () => file.WriteStreamAsync(Source.Repeat<ReadOnlyMemory<byte>>(chunk).Take(chunks), cancellationToken: token));
                var source = await bare.Ask<ISourceRef<byte[]>>($"source {chunks}", TimeSpan.FromSeconds(20), token);
                var bareSource = await Rate(bytes, () => source.Source.RunWith(Sink.Ignore<byte[]>(), materializer));
                var get = await Rate(bytes, () => file.ReadStream().RunWith(Sink.Ignore<ReadOnlyMemory<byte>>(), materializer));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(round == 0 ? "warm-up" : $"round {round}")}: put {put:F0} MB/s, bare SinkRef {bareSink:F0}: {put / bareSink:F2}; get {get:F0}, bare SourceRef {bareSource:F0}: {get / bareSource:F2}"));
            }

            return 0;
        }
        finally
        {
            await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
            owner.StandardInput.Close();
            await owner.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(disk, recursive: true);
        }
    }

    private static async Task<double> Rate(long bytes, Func<Task> run)
    {
        var start = Stopwatch.GetTimestamp();
        await run();
        return bytes / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static ActorSystem Start(int port, int seed, string hocon) => ActorSystem.Create("files", AioClusterSetup.For(ConfigurationFactory.ParseString(
        $$"""
        {{hocon}}
        akka {
          loglevel = ERROR
          log-dead-letters = off
          extensions = ["AkkaAio.Cluster.AioClusterProvider, AkkaAio.Cluster"]
          actor.provider = cluster
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{port}} }
          cluster {
            seed-nodes = ["akka.tcp://files@127.0.0.1:{{seed}}"]
            downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
            sharding { state-store-mode = ddata, distributed-data.durable.keys = [], remember-entities = off }
          }
        }
        """)));

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
