using System.Text;
using System.Text.Json;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>The files that a comparison leaves: <c>compare.json</c>, <c>compare.md</c> and <c>compare.png</c>.</summary>
internal static class Reports
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public static void Write(string folder, Machine machine, IReadOnlyList<CaseResult> results)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Join(folder, "compare.json"), JsonSerializer.Serialize(
            new { Machine = machine, Cases = results.Select(Describe) }, Json));
        File.WriteAllText(Path.Join(folder, "compare.md"), Markdown(machine, results));
        Chart.Save(Path.Join(folder, "compare.png"), results);
    }

    private static object Describe(CaseResult result) => new
    {
        result.Case.Name,
        Rw = Demo.Benching.BenchConfig.NameOf(result.Case.Rw),
        result.Case.Bs,
        result.Case.Depth,
        Contenders = result.Names.Select(name => new
        {
            Name = name,
            Iops = result.Of(name, round => round.Iops),
            CpuUsPerOp = result.Of(name, round => round.CpuUsPerOp),
            Ratios = result.References.Select(reference => new
            {
                To = reference,
                Iops = result.Ratio(name, reference, round => round.Iops),
                CpuUsPerOp = result.Ratio(name, reference, round => round.CpuUsPerOp),
                P50 = result.Ratio(name, reference, round => round.LatNs.P50),
                P999 = result.Ratio(name, reference, round => round.LatNs.P999),
            }),
            Rounds = result.RoundsOf(name),
        }),
        result.Failures,
    };

    private static string Markdown(Machine machine, IReadOnlyList<CaseResult> results)
    {
        var text = new StringBuilder();
        text.AppendLine(machine.ToString()).AppendLine();
        text.AppendLine("Medians of all rounds, with (min..max); ratios are taken within a round.").AppendLine();
        foreach (var result in results)
        {
            text.Append("## ").AppendLine(result.Case.Name).AppendLine();
            text.AppendLine(CaseTable.Figures(result).ForMarkdown());
            text.AppendLine(CaseTable.Ratios(result).ForMarkdown());
            foreach (var (name, reason) in result.Failures)
            {
                text.Append("Left out: ").Append(name).Append(": ").AppendLine(reason);
            }

            text.AppendLine();
        }

        return text.ToString();
    }
}
