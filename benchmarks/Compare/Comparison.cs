using System.Text.Json;
using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>
/// Runs cases: round by round, and in a round every contender once, so that a moment in which the machine is slow hits all.
/// </summary>
internal sealed class Comparison(Targets targets, int rounds, Timing timing, Action<string> report)
{
    // For a start, a pass over a cold file and an end, besides the measurement itself.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(10);

    /// <summary>Runs one case. A stop ends it early; what is there is kept.</summary>
    public async Task<CaseResult> RunAsync(Case @case, CancellationToken stop)
    {
        var result = new CaseResult(@case);
        var caseTiming = timing with { Runtime = timing.Runtime > @case.LeastRuntime ? timing.Runtime : @case.LeastRuntime };
        for (var round = 0; round < rounds && !stop.IsCancellationRequested; round++)
        {
            for (var i = 0; i < @case.Contenders.Count && !stop.IsCancellationRequested; i++)
            {
                // Another one first in each round: whoever follows a writer finds a busier disk.
                var contender = @case.Contenders[(i + round) % @case.Contenders.Count];
                if (result.Failures.ContainsKey(contender.Name))
                {
                    continue;
                }

                try
                {
                    var figures = await MeasureAsync(@case, contender, caseTiming, stop);
                    result.Add(contender.Name, round, figures);
                    report(
                        $"{@case.Name} {round + 1}/{rounds}: {contender.Name}: " +
                        $"{figures.Iops:0} IOPS, {figures.CpuUsPerOp:0.00} µs CPU an op");
                }
                catch (ChildFailedException e)
                {
                    result.Fail(contender.Name, e.Message);
                    report($"{@case.Name}: {contender.Name} is left out: {e.Message}");
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    break;
                }
            }
        }

        return result;
    }

    private async Task<BenchResult> MeasureAsync(Case @case, Contender contender, Timing caseTiming, CancellationToken stop)
    {
        var (path, size) = await targets.GetAsync(contender.Target ?? @case.Target, stop);
        var commandLine = contender.CommandLine(@case, path, size, caseTiming);
        var limit = caseTiming.RampTime + caseTiming.Runtime + Margin;
        var result = Read(contender, await ChildProcess.RunAsync(commandLine[0], commandLine.Skip(1), contender.Environment, limit, stop));
        return result.Errors == 0 ? result : throw new ChildFailedException($"{result.Errors} errors: {result.FirstError}");
    }

    private static BenchResult Read(Contender contender, string stdout)
    {
        try
        {
            return contender.Read(stdout);
        }
        catch (JsonException e)
        {
            throw new ChildFailedException($"what it printed is no result: {e.Message}");
        }
    }
}
