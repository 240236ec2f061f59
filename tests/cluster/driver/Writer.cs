using Akka.Actor;
using AkkaAio.Cluster;

namespace AkkaAio.ClusterDriver;

/// <summary>Is told 20 times a second to write 4 KiB to a file of the node's own disk.</summary>
internal sealed class Writer : ReceiveActor
{
    private const int Bytes = 4096;

    public Writer(AioClusterExt cluster, string folder, int number, bool blocking)
    {
        Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.FromMilliseconds(number % 50), TimeSpan.FromMilliseconds(50), Self, Write.Instance, Self);
        if (blocking)
        {
            var file = new FileStream(Path.Combine(folder, "files", $"writer-{number}"), FileMode.Create, FileAccess.Write, FileShare.None, 0, FileOptions.WriteThrough);
            Receive<Write>(_ =>
            {
                file.Position = 0;
                file.Write(new byte[Bytes]);
            });
            return;
        }

        var opened = cluster.OpenAsync($"{cluster.Disks[0].Id}/writer-{number}", new AioClusterOpenOptions { Mode = FileMode.OpenOrCreate });
        var underWay = false;
        Receive<Write>(_ =>
        {
            if (!underWay)
            {
                underWay = true; // one at a time, as the thread of a blocking one
                WriteAsync().PipeTo(Self, success: () => Done.Instance, failure: _ => Done.Instance);
            }
        });
        Receive<Done>(_ => underWay = false);

        async Task WriteAsync() => await (await opened).WriteAsync(0, new byte[Bytes], AioDurability.Dsync);
    }

    private sealed class Write
    {
        public static Write Instance { get; } = new();
    }

    private sealed class Done
    {
        public static Done Instance { get; } = new();
    }
}
