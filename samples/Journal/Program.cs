using System.Text;
using Akka.Actor;
using Akka.Pattern;
using AkkaAio.Samples.Journal;

// FILE COUNT: prints what is in the log, then appends records, 64 at a time, and prints each that is acknowledged.
var (path, records, run, end) = (args[0], int.Parse(args[1]), Guid.NewGuid().ToString("N")[..8], new TaskCompletionSource());
using var system = ActorSystem.Create("journal", "akka.loglevel = WARNING"); // its log goes to stdout
Action<long, byte[]?> recovered = (number, record) =>
{
    Console.WriteLine(record is null ? $"end {number}" : $"recovered {number} {Encoding.UTF8.GetString(record)}");
    _ = record is null && end.TrySetResult();
};
var journal = system.ActorOf(BackoffSupervisor.Props(Backoff.OnStop(
    Props.Create(() => new JournalActor(path, recovered)), "log",
    TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10), randomFactor: 0.2, maxNrOfRetries: -1)
    .WithSupervisorStrategy(new OneForOneStrategy(_ => Directive.Stop))), "journal");
await end.Task.WaitAsync(TimeSpan.FromSeconds(60));
await Parallel.ForEachAsync(Enumerable.Range(0, records), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, stop) =>
{
    var appended = await journal.Ask<Appended>(new Append(Encoding.UTF8.GetBytes($"{run}-{i}")), TimeSpan.FromSeconds(30), stop);
    Console.WriteLine($"appended {appended.Number} {run}-{i}");
});
await system.Terminate();
