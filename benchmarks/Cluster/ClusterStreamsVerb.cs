using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;
using AkkaAio.Benchmarks.Compare;
using AkkaAio.Cluster;
using AkkaAio.Demo.CommandLine;

namespace AkkaAio.Benchmarks.Cluster;

/// <summary>
/// A file put into a disk of another process and got back, beside bare stream refs of byte arrays between the same two processes, in
/// turn.
/// </summary>
internal static class ClusterStreamsVerb
{
    private const string Name = "cluster-streams";
    private const string OwnerVerb = "cluster-streams-owner";

    // For the end of a system, and of the other process.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Command Create(StopSignals stop)
    {
        var directory = new Option<DirectoryInfo>("--directory") { Description = "where the disk's folder is made", Required = true };
        var size = new Option<long>("--mib") { Description = "MiB of the file", DefaultValueFactory = _ => 1024 };
        var rounds = new Option<int>("--rounds") { Description = "rounds", DefaultValueFactory = _ => 3 };
        var limit = new Option<int>("--limit") { Description = "seconds for all of it", DefaultValueFactory = _ => 1800 };
        var command = new Command(Name, "Put and get of a cluster's file beside bare StreamRefs of byte arrays.")
        {
            directory, size, rounds, limit,
        };
        command.SetAction((parsed, _) => DemoCommand.RunVerbAsync(Name, stop, async token =>
        {
            using var limited = CancellationTokenSource.CreateLinkedTokenSource(token);
            limited.CancelAfter(TimeSpan.FromSeconds(parsed.GetValue(limit)));
            return await RunAsync(
                parsed.GetValue(directory)!.FullName, parsed.GetValue(size) << 20, parsed.GetValue(rounds), limited.Token);
        }));
        return command;
    }

    /// <summary>The other process.</summary>
    public static Command CreateOwner(StopSignals stop)
    {
        var directory = new Argument<string>("directory");
        var port = new Argument<int>("port");
        var command = new Command(OwnerVerb, "Internal.") { directory, port };
        command.Hidden = true;
        command.SetAction((parsed, _) => DemoCommand.RunVerbAsync(OwnerVerb, stop, async token =>
        {
            var system = Start(
                parsed.GetValue(port), parsed.GetValue(port), $"akka.io.aio.cluster.directories = [\"{parsed.GetValue(directory)}\"]");
            system.ActorOf(Props.Create(() => new BareStreams()), BareStreams.Name);
            try
            {
                // Blocks a thread, whatever the token says. Comes, as an end of file, when the first process has ended, however it did.
                await Task.Run(Console.In.ReadLine, CancellationToken.None).WaitAsync(token);
            }
            finally
            {
                await EndAsync(system);
            }

            return ExitCode.Ok;
        }));
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

            var bare = await system.ActorSelection($"akka.tcp://files@127.0.0.1:{port}/user/{BareStreams.Name}")
                .ResolveOne(TimeSpan.FromSeconds(20), token);
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
                    await bare.Ask<long>(0L, Timeout.InfiniteTimeSpan, token);
                }, token);
                var path = $"{cluster.GetDisks()[0].Id}/file";
                var file = await cluster.OpenAsync(path, new() { Mode = FileMode.OpenOrCreate }, token).WaitAsync(token);
                var content = Source.Repeat<ReadOnlyMemory<byte>>(chunk).Take(chunks);
                var put = await Rate(bytes, () => file.WriteStreamAsync(content, cancellationToken: token), token);
                var source = await bare.Ask<ISourceRef<byte[]>>($"source {chunks}", TimeSpan.FromSeconds(20), token);
                var bareSource = await Rate(bytes, () => source.Source.RunWith(Sink.Ignore<byte[]>(), materializer), token);
                var get = await Rate(bytes, () => file.ReadStream().RunWith(Sink.Ignore<ReadOnlyMemory<byte>>(), materializer), token);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(round == 0 ? "warm-up" : $"round {round}")}: put {put:F0} MB/s, bare SinkRef {bareSink:F0}: {put / bareSink:F2}; " +
                    $"get {get:F0}, bare SourceRef {bareSource:F0}: {get / bareSource:F2}"));
            }

            return ExitCode.Ok;
        }
        finally
        {
            await EndAsync(system);
            owner.StandardInput.Close();
            await EndAsync(owner);
            Directory.Delete(disk, recursive: true);
        }
    }

    private static async Task EndAsync(ActorSystem system)
    {
        try
        {
            await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClusterLeavingReason.Instance).WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            Console.Error.WriteLine("the actor system does not end: it ends with its process");
        }
    }

    private static async Task EndAsync(Process owner)
    {
        try
        {
            await owner.WaitForExitAsync(CancellationToken.None).WaitAsync(2 * Patience);
        }
        catch (TimeoutException)
        {
            Console.Error.WriteLine("the process with the disk does not end: it is killed");
            owner.Kill();
            await owner.WaitForExitAsync(CancellationToken.None);
        }
    }

    // A stream whose other end has gone without a word never ends by itself.
    private static async Task<double> Rate(long bytes, Func<Task> run, CancellationToken token)
    {
        var start = Stopwatch.GetTimestamp();
        await run().WaitAsync(token);
        return bytes / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static ActorSystem Start(int port, int seed, string hocon)
    {
        var config = ConfigurationFactory.ParseString(
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
            """);
        return ActorSystem.Create("files", AioClusterSetup.For(config));
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
