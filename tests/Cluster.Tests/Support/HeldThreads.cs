namespace AkkaAio.Cluster.Tests;

/// <summary>
/// Every thread of a node's blocking dispatcher, held: opens, reads that the page cache does not answer
/// and writes wait until it is disposed.
/// </summary>
internal sealed class HeldThreads : IDisposable
{
    private readonly ManualResetEventSlim _goOn = new();

    private HeldThreads()
    {
    }

    public static async Task<HeldThreads> TakeAsync(AioClusterExt node)
    {
        var held = new HeldThreads();
        var count = node.Cluster.System.Settings.Config.GetInt("akka.io.aio.blocking-dispatcher.threads");
        var rest = count;
        var all = new TaskCompletionSource();
        for (var i = 0; i < count; i++)
        {
            node.Aio.RunBlocking(() =>
            {
                if (Interlocked.Decrement(ref rest) == 0)
                {
                    all.SetResult();
                }

                held._goOn.Wait();
            });
        }

        await all.Task.WaitAsync(TimeSpan.FromSeconds(20));
        return held;
    }

    public void Dispose() => _goOn.Set(); // not disposed: threads are still in it
}
