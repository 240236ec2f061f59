using ScottPlot;

namespace AkkaAio.Benchmarks.Compare;

/// <summary>The depths against each other, in one picture: operations a second on the left, CPU time an operation on the right.</summary>
internal static class Chart
{
    private const int Width = 800;
    private const int Height = 500;

    private static readonly string[] Families = ["randread", "randwrite"];

    public static void Save(string path, IReadOnlyList<CaseResult> results)
    {
        // A family of depths becomes lines; any other case bars.
        var families = Families
            .Select(family => results.Where(result => FamilyOf(result) == family).OrderBy(result => result.Case.Depth).ToArray())
            .Where(family => family.Length > 1).ToArray();
        var others = results.Where(result => !families.Any(family => family.Contains(result))).ToArray();
        var count = families.Length + others.Length;
        if (count == 0)
        {
            return;
        }

        var multiplot = new Multiplot();
        multiplot.AddPlots(2 * count);
        multiplot.Layout = new ScottPlot.MultiplotLayouts.Grid(count, 2);
        for (var i = 0; i < count; i++)
        {
            var (iops, cpu) = (multiplot.GetPlot(2 * i), multiplot.GetPlot((2 * i) + 1));
            if (i < families.Length)
            {
                Lines(iops, families[i], "IOPS by depth", result => result.Iops);
                Lines(cpu, families[i], "CPU µs an op by depth", result => result.CpuUsPerOp);
            }
            else
            {
                Bars(iops, others[i - families.Length], "IOPS", result => result.Iops);
                Bars(cpu, others[i - families.Length], "CPU µs an op", result => result.CpuUsPerOp);
            }
        }

        multiplot.SavePng(path, Width * 2, Height * count);
    }

    private static string FamilyOf(CaseResult result) => result.Case.Name.Split('-')[0];

    private static void Lines(Plot plot, CaseResult[] family, string what, Func<Demo.Benching.BenchResult, double> figure)
    {
        plot.Title($"{FamilyOf(family[0])}: {what}");
        foreach (var name in family.SelectMany(result => result.Names).Distinct())
        {
            var points = family.Where(result => result.Names.Contains(name))
                .Select(result => (Depth: Math.Log2(result.Case.Depth), Value: result.Of(name, figure)!.Median)).ToArray();
            var line = plot.Add.Scatter(points.Select(point => point.Depth).ToArray(), points.Select(point => point.Value).ToArray());
            line.LegendText = name;
            line.LineWidth = 2;
        }

        plot.Axes.Bottom.SetTicks(
            [.. family.Select(result => Math.Log2(result.Case.Depth))], [.. family.Select(result => $"{result.Case.Depth}")]);
        plot.Axes.SetLimitsY(0, plot.Axes.GetLimits().Top);
        plot.ShowLegend(Edge.Right);
    }

    private static void Bars(Plot plot, CaseResult result, string what, Func<Demo.Benching.BenchResult, double> figure)
    {
        plot.Title($"{result.Case.Name}: {what}");
        var names = result.Names.ToArray();
        for (var i = 0; i < names.Length; i++)
        {
            var bar = plot.Add.Bar(i, result.Of(names[i], figure)!.Median);
            bar.LegendText = names[i];
        }

        plot.Axes.Bottom.SetTicks([], []);
        plot.Axes.Margins(bottom: 0);
        plot.ShowLegend(Edge.Right);
    }
}
