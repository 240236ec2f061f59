using System.Diagnostics;
using Akka.Actor;
using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>Pairs of actors, one message between the two of each: what a round trip of bare Akka costs. No clock, no allocation.</summary>
internal sealed class PingPongLoad(BenchOptions options, ActorSystem system) : ILoad
{
    private readonly Recorder[] _recorders = [.. Enumerable.Range(0, options.Numjobs).Select(_ => new Recorder())];

    public IEnumerable<Recorder> Recorders => _recorders;

    public static async Task<BenchResult> RunAsync(ContenderRun run)
    {
        using var system = ActorSystem.Create("ping-pong", QuietConfig.Make(RequesterDispatchers.Config));
        return await run.MeasureAsync(new PingPongLoad(run.Options, system));
    }

    public Task RunAsync(Phase phase) => Task.WhenAll(_recorders.Select(recorder =>
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var dispatcher = RequesterDispatchers.DefaultId;
        var pong = system.ActorOf(Props.Create(() => new Pong()).WithDispatcher(dispatcher));
        system.ActorOf(Props.Create(() => new Ping(pong, recorder, phase, ended)).WithDispatcher(dispatcher));
        return ended.Task;
    }));

    private sealed class Ball
    {
        public static readonly Ball Instance = new();
    }

    private sealed class Pong : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    private sealed class Ping(IActorRef pong, Recorder recorder, Phase phase, TaskCompletionSource ended) : UntypedActor
    {
        private long _roundTrips;
        private long _started;

        protected override void PreStart() => pong.Tell(Ball.Instance);

        protected override void OnReceive(object message)
        {
            if (phase.IsStopped)
            {
                // All with the mean latency: looking at the clock each time would be no bare ping-pong.
                var mean = _roundTrips == 0 ? 0 : (Stopwatch.GetTimestamp() - _started) / _roundTrips;
                recorder.Reads.RecordValueWithCount(Math.Max(1, mean), _roundTrips);
                ended.TrySetResult();
                return;
            }

            if (phase.IsMeasuring && _roundTrips++ == 0)
            {
                _started = Stopwatch.GetTimestamp();
            }

            pong.Tell(message);
        }
    }
}
