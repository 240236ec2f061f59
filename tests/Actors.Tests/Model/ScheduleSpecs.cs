using System.Globalization;
using Akka.Configuration;
using AkkaAio.Tests.Model.Stepping;
using CsCheck;
using Xunit;

namespace AkkaAio.Tests.Model;

public sealed class OneShardScheduleSpecs()
    : ScheduleSpecs("shards = 1, depth = 8, submit-batch-size = 4", crashes: false);

public sealed class StripedScheduleSpecs()
    : ScheduleSpecs("shards = 4, shard-by = stripe, stripe-size = 4 KiB, depth = 4", crashes: false);

public sealed class TightScheduleSpecs()
    : ScheduleSpecs(
        "shards = 1, depth = 1, max-queue-size = 5, submit-batch-size = 1, reap { min-nr = 3, nr = 3 }",
        crashes: false);

public sealed class CrashingScheduleSpecs()
    : ScheduleSpecs("shards = 2, depth = 8, submit-batch-size = 3, reap { min-nr = 2, nr = 4 }", crashes: true);

public sealed class StripedCrashingScheduleSpecs()
    : ScheduleSpecs(
        "shards = 3, shard-by = stripe, stripe-size = 4 KiB, depth = 8, submit-batch-size = 2, max-queue-size = 40", crashes: true);

/// <summary>
/// Random schedules against a model: exactly one reply each, data equal, barriers kept, and at the end no slot, buffer, file or context
/// left. One thing happens at a time, and the schedule's seed chooses which: a schedule that fails does so again.
/// </summary>
public abstract class ScheduleSpecs(string settings, bool crashes)
{
    private const int LeastCommands = 500;
    private const int MostCommands = 600;

    // Of each of the five kinds; more for a soak.
    private static readonly int Iterations = FromEnvironment("AKKA_AIO_SCHEDULES", 300);
    private static readonly int ThreadedIterations = FromEnvironment("AKKA_AIO_THREADED_SCHEDULES", 3);

    // Where to write what happened in the schedule that fails; it is slow.
    private static readonly string? TraceFile = Environment.GetEnvironmentVariable("AKKA_AIO_TRACE");

    [Fact]
    public void Every_schedule_behaves_as_a_file_would()
    {
        var config = SteppedRun.ConfigOf(settings);
        Schedule.Gen(LeastCommands, MostCommands, crashes).Sample(
            schedule => Play(config, schedule), iter: Iterations, threads: 1, print: Replay);
    }

    [Fact]
    public void On_real_threads_too()
    {
        var config = ThreadedRun.ConfigOf(settings);
        Schedule.Gen(LeastCommands, MostCommands, crashes).Sample(
            schedule => ThreadedRun.PlayAsync(config, schedule).GetAwaiter().GetResult(), iter: ThreadedIterations, threads: 1,
            print: schedule => $"{schedule}; threads make it hard to repeat: run it with AKKA_AIO_THREADED_SCHEDULES set to many");
    }

    private static void Play(Config config, Schedule schedule)
    {
        var trace = new Trace(TraceFile is not null);
        try
        {
            SteppedRun.Play(config, schedule, trace);
        }
        catch when (TraceFile is not null)
        {
            File.WriteAllLines(TraceFile, trace.Lines);
            throw;
        }
    }

    private static int FromEnvironment(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private string Replay(Schedule schedule) =>
        $"{schedule}; the same again: CsCheck_Seed=<the seed above> AKKA_AIO_SCHEDULES=1 dotnet test --filter {GetType().Name}";
}
