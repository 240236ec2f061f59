using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;
using AkkaAio.Interop.Engines;
using AkkaAio.Shards.Reaping;
using AkkaAio.TestKit;
using AkkaAio.Tests.Model.Stepping;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Tests.Model;

/// <summary>A schedule on one thread at a time: the same schedule always goes the same way.</summary>
internal static class SteppedRun
{
    static SteppedRun() => OwnReaper.WaitForReaper = () =>
    {
        if (Stepper.Current is { } stepper)
        {
            stepper.Yield(forced: true);
        }
        else
        {
            Thread.Yield();
        }
    };

    /// <summary>Plays it from the start of a system to its end, and throws what is not as it should be.</summary>
    /// <param name="config">From <see cref="ConfigOf"/>.</param>
    /// <param name="schedule">The schedule.</param>
    /// <param name="trace">Receives what happens.</param>
    /// <param name="lie">Changes requests on their way to the kernel.</param>
    public static void Play(Config config, Schedule schedule, Trace trace, Func<IoRequest, IoRequest>? lie = null)
    {
        var random = new Random(schedule.Seed);
        using var stepper = new Stepper(trace);
        var journal = new Journal { OnViolation = stepper.Fail, Trace = trace };
        var faults = new Faults(random.Next(), holds: random.Next(4) * 30, mostCrashes: 12);
        var kernel = new Kernel(new MemoryEngine(), faults, journal, stepper) { Lie = lie };
        var system = ActorSystem.Create("schedule", ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(config), new AioSetup(kernel) { StuckAfter = Timeout.InfiniteTimeSpan },
            new SteppedSystem(stepper)));
        system.EventStream.Subscribe(new WarningSink(system, journal), typeof(Warning));
        var aio = AioExt.Get(system);
        try
        {
            stepper.Rest();
            faults.InstallIn(kernel.Memory, journal);
            Play(system, kernel, schedule, random);
        }
        finally
        {
            faults.End();
            Assert.True(system.Terminate().Wait(Patience.Long), "the actor system does not end");
        }

        stepper.Rest();
        Assert.Equal((0, 0), (kernel.Memory.OpenContexts, kernel.Memory.OpenFiles));
        Assert.Equal(0, aio.Pool.RentedBuffers);
    }

    public static Config ConfigOf(string settings) =>
        // No poll: how long the shard polls is decided by a clock, and would go another way with each replay.
        ConfigurationFactory.ParseString("akka.io.aio.reap.poll = 0 ms")
            .WithFallback(ThreadedRun.ConfigOf(settings)).WithFallback(SteppedSystem.Config);

    // With all that is under way as it stands. Which of it is done first is no longer chosen by the seed.
    private static void EndEarly(ActorSystem system, Kernel kernel, Player player)
    {
        player.EndsSystem();
        kernel.Faults.End();
        Assert.True(system.Terminate().Wait(Patience.Long), $"the actor system does not end: {player.Describe()}");
        kernel.Stepper!.Rest();
        player.TellToTheDead(10);
        player.CheckAnswers();
    }

    private static void Play(ActorSystem system, Kernel kernel, Schedule schedule, Random random)
    {
        var stepper = kernel.Stepper!;
        var player = new Player(system, kernel, schedule);
        var clock = (TestScheduler)system.Scheduler;

        // Some schedules flood the shards, in others there is little at a time; in some the kernel is slow.
        var (haste, kernelHaste) = (1 << random.Next(1, 8), 1 << random.Next(1, 6));
        var chance = new Random(random.Next());
        try
        {
            stepper.Play(
                random.Next(), yieldOneIn: 1 << random.Next(1, 6),
                new StepSource(() => player.Waits ? 0 : haste, () =>
                {
                    player.Step();
                    if (player.IsOver || player.MustEndSystem)
                    {
                        stepper.End();
                    }
                }),
                new StepSource(() => kernel.Faults.Held > 0 ? kernelHaste : 0, () =>
                    kernel.Faults.Release(kernel.Memory, chance.Next(1, 9), chance.Next(1 << 10))),
                new StepSource(() => 1, () => clock.Advance(TimeSpan.FromMilliseconds(1 << chance.Next(16)))));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}: {player.Describe()}", e);
        }

        if (schedule.EndsEarly)
        {
            EndEarly(system, kernel, player);
        }

        stepper.Rest();
        player.Check();
    }
}
