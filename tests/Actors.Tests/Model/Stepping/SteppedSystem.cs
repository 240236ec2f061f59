using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;

namespace AkkaAio.Tests.Model.Stepping;

/// <summary>Makes all dispatchers of an actor system, and its clock, the <see cref="Stepper"/>'s.</summary>
internal sealed class SteppedSystem(Stepper stepper) : Setup
{
    // One message a run: between any two of an actor's, all others may go on.
    private static readonly string Dispatcher = $$"""
        { type = Dispatcher, throughput = 1, executor = "{{typeof(SteppedExecutorConfigurator).AssemblyQualifiedName}}" }
        """;

    public Stepper Stepper => stepper;

    /// <summary>
    /// The clock stands still until it is advanced. Deadlines that the product takes from the machine's clock are far away. The dispatcher
    /// that guards the end blocks until the shards have ended: its threads are real, and have nothing to do before.
    /// </summary>
    public static Config Config { get; } = ConfigurationFactory.ParseString($$"""
        akka {
          coordinated-shutdown { run-by-actor-system-terminate = off, run-by-clr-shutdown-hook = off }
          scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
          actor.default-dispatcher = {{Dispatcher}}
          actor.internal-dispatcher = {{Dispatcher}}
          io.aio {
            drain-timeout = 600 s
            shard-dispatcher = {{Dispatcher}}
            reaper-dispatcher = {{Dispatcher}}
            blocking-dispatcher = {{Dispatcher}}
          }
        }
        """);
}

/// <summary>Found by its name in the configuration.</summary>
public sealed class SteppedExecutorConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : ExecutorServiceConfigurator(config, prerequisites)
{
    public override ExecutorService Produce(string id) =>
        new SteppedExecutor(id, Prerequisites.Settings.Setup.Get<SteppedSystem>().Value.Stepper);

    private sealed class SteppedExecutor(string id, Stepper stepper) : ExecutorService(id)
    {
        public override void Execute(IRunnable run) => stepper.Add(run.Run);

        public override void Shutdown()
        {
            // The stepper is the test's.
        }
    }
}
