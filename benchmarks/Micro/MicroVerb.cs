using System.CommandLine;
using AkkaAio.Demo.CommandLine;
using BenchmarkDotNet.Running;

namespace AkkaAio.Benchmarks.Micro;

/// <summary><c>micro</c>: the hot pieces alone, by BenchmarkDotNet. What follows the verb is BenchmarkDotNet's.</summary>
internal static class MicroVerb
{
    public static Command Create(StopSignals stop)
    {
        var arguments = new Argument<string[]>("ARGUMENTS")
        {
            Description = "BenchmarkDotNet's own, behind --: -- --filter '*Pool*' --job short",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("micro", "Micro-benchmarks of the hot pieces: stage, submit, reap, pool, reply.") { arguments };
        command.SetAction(result =>
        {
            stop.Dispose(); // nobody here would listen to it: a signal ends the process
            var given = result.GetValue(arguments) ?? [];
            BenchmarkSwitcher.FromAssembly(typeof(MicroVerb).Assembly).Run(given.Length == 0 ? ["--filter", "*"] : given);
            return 0;
        });
        return command;
    }
}
