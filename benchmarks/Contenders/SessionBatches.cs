using Akka.Actor;
using AkkaAio.Demo.Benching;
using AkkaAio.Demo.Session;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>The shards' counters of a session.</summary>
internal static class SessionBatches
{
    public static async Task<Batches> ReadAsync(AioSession session) =>
        Batches.Of(await session.Aio.Ref.Ask<Aio.Stats>(new Aio.GetStats(), CancellationToken.None));
}
