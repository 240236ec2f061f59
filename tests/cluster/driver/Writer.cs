using Akka.Actor;
using AkkaAio.Cluster;

namespace AkkaAio.ClusterDriver;

/// <summary>Is told 20 times a second to write 4 KiB to a file of the node's own disk.</summary>
internal sealed class Writer : ReceiveActor
{
    private const int Bytes = 4096;

    /// <param name="cluster">Of its node.</param>
    /// <param name="folder">The node's disk.</param>
    /// <param name="number">Of this one.</param>
    /// <param name="blocking">It blocks its thread in write(2), else it sends to AkkaAio.</param>
    /// <param name="begun">Counts the writers that have written once.</param>
    public Writer(AioClusterExt cluster, string folder, int number, bool blocking, CountdownEvent begun)
    {
        var isFirst = true;
        Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.FromMilliseconds(number % 50), TimeSpan.FromMilliseconds(50), Self, Write.Instance, Self);
        if (blocking)
        {
            var file = new FileStream(
                Path.Combine(folder, "files", $"writer-{number}"),
                FileMode.Create,
                FileAccess.Write,
                FileShare.None,
                0,
                FileOptions.WriteThrough);
            Receive<Write>(_ =>
            {
                file.Position = 0;
                file.Write(new byte[Bytes]);
                Written();
            });
            return;
        }

        var opened = cluster.OpenAsync(
            $"{cluster.Disks[0].Id}/writer-{number}", new AioClusterOpenOptions { Mode = FileMode.OpenOrCreate });
        var underWay = false;
        Receive<Write>(_ =>
        {
            if (!underWay)
            {
                underWay = true; // one at a time, as the thread of a blocking one
                WriteAsync().PipeTo(Self, success: () => Done.Instance, failure: _ => Done.Instance);
            }
        });
        Receive<Done>(_ =>
        {
            underWay = false;
            Written();
        });

        void Written()
        {
            if (isFirst)
            {
                isFirst = false;
                begun.Signal();
            }
        }

        async Task WriteAsync() => await (await opened).WriteAsync(new byte[Bytes], 0, AioDurability.Dsync);
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
