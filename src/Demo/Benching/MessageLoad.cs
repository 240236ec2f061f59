using Akka.Actor;

namespace AkkaAio.Demo.Benching;

/// <summary>The load of <c>--api messages</c>: an actor for each requester.</summary>
internal sealed class MessageLoad(ActorSystem system, BenchOptions options, AioFile file, long size, Blocks blocks) : ILoad
{
    private readonly Recorder[] _recorders = [.. Enumerable.Range(0, options.Numjobs).Select(_ => new Recorder())];

    public IEnumerable<Recorder> Recorders => _recorders;

    public Task RunAsync(Phase phase) => Task.WhenAll(Enumerable.Range(0, options.Numjobs).Select(requester =>
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slots = Enumerable.Range(requester * options.Iodepth, options.Iodepth)
            .Select(index => new RequesterActor.Slot(blocks[index])).ToArray();
        var workload = new Workload(options, size, requester);
        var recorder = _recorders[requester];
        system.ActorOf(
            Props.Create(() => new RequesterActor(file, workload, slots, recorder, phase, ended, options.IodepthBatchSubmit))
                .WithDispatcher(RequesterDispatchers.IdOf(options.Dispatcher, AioExt.Get(system), requester)),
            $"requester-{requester}");
        return ended.Task;
    }));
}
