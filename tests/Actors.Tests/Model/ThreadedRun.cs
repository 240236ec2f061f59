using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using AkkaAio.TestKit;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Model;

/// <summary>
/// A schedule on the threads that a system really has: it finds what happens between two instructions, and cannot be replayed.
/// </summary>
internal static class ThreadedRun
{
    /// <summary>Plays it from the start of a system to its end, and throws what is not as it should be.</summary>
    public static async Task PlayAsync(Config config, Schedule schedule)
    {
        // With crashes nothing is held: there is nobody to release it while a restart waits for it.
        var crashes = schedule.Steps.Any(step => step.Event is StepEvent.CrashShard or StepEvent.CrashReaper);
        var faults = new Faults(schedule.Seed, holds: crashes ? 0 : 10, mostCrashes: 3);
        var kernel = new Kernel(new MemoryEngine(), faults, new Journal(), stepper: null);
        var system = ActorSystem.Create("schedule", ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(config), new AioSetup(kernel)));
        system.EventStream.Subscribe(new WarningSink(system, kernel.Journal), typeof(Warning));
        var aio = AioExt.Get(system);
        try
        {
            await Stats(system); // behind the start of the shards
            faults.InstallIn(kernel.Memory, kernel.Journal);
            await PlayAsync(system, kernel, schedule);
        }
        finally
        {
            faults.End();
            kernel.Memory.Release();
            await system.Terminate().WaitAsync(Patience.Long);
        }

        Assert.Equal((0, 0), (kernel.Memory.OpenContexts, kernel.Memory.OpenFiles));
        Assert.Equal(0, aio.Pool.RentedBuffers);
    }

    public static Config ConfigOf(string settings) => ConfigurationFactory.ParseString(
        $"akka {{ loggers = [], loglevel = WARNING, stdout-loglevel = OFF, log-dead-letters = off, io.aio {{ {settings} }} }}");

    private static async Task PlayAsync(ActorSystem system, Kernel kernel, Schedule schedule)
    {
        var player = new Player(system, kernel, schedule);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!player.IsOver)
        {
            if (player.MustEndSystem)
            {
                await EndEarlyAsync(system, kernel, player);
                break;
            }

            Assert.True(watch.Elapsed < 2 * Patience.Long, player.Describe());
            if (player.Waits || player.IsAtEnd)
            {
                // What it waits for may be held, or behind something that is.
                kernel.Faults.Release(kernel.Memory, eighths: 8, how: 2);
                await Stats(system);
            }

            player.Step();
        }

        player.Check();
    }

    // While commands are told.
    private static async Task EndEarlyAsync(ActorSystem system, Kernel kernel, Player player)
    {
        player.EndsSystem();
        kernel.Faults.End();
        var end = system.Terminate();
        for (var more = 0; more < 100 || !end.IsCompleted; more++)
        {
            player.TellToTheDead(1);
            kernel.Faults.Release(kernel.Memory, eighths: 8, how: 2);
        }

        await end.WaitAsync(Patience.Long);
        player.CheckAnswers();
    }

    private static Task<Aio.Stats> Stats(ActorSystem system) => system.Aio().Ask<Aio.Stats>(new Aio.GetStats(), Patience.Long);
}
