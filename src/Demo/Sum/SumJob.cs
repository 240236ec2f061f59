using Akka.Actor;
using AkkaAio.Demo.Progress;

namespace AkkaAio.Demo.Sum;

/// <summary>What <see cref="SumActor"/> is to do.</summary>
/// <param name="Target">The file.</param>
/// <param name="Blocks">Blocks to write and read.</param>
/// <param name="Concurrency">Operations to keep in flight.</param>
/// <param name="Pool">Where the blocks' memory comes from.</param>
/// <param name="Meter">Told of every block written and read.</param>
internal sealed record SumJob(SumTarget Target, int Blocks, int Concurrency, AioBufferPool Pool, Meter Meter)
{
    /// <summary>Does it on an actor of <paramref name="system"/>.</summary>
    /// <exception cref="AioException">Something failed.</exception>
    /// <exception cref="OperationCanceledException">Stopped; nothing is in flight any more.</exception>
    public async Task<SumResult> RunAsync(ActorSystem system, CancellationToken stop)
    {
        var result = new TaskCompletionSource<SumResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var job = this;
        var actor = system.ActorOf(Props.Create(() => new SumActor(job, result)), "sum");
        await using var registration = stop.Register(() => actor.Tell(new SumActor.Stop(stop)));
        return await result.Task;
    }
}
