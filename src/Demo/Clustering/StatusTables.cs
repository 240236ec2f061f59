using System.Globalization;
using AkkaAio.Cluster;
using Spectre.Console;

namespace AkkaAio.Demo.Clustering;

/// <summary>Nodes and disks of a cluster as tables.</summary>
internal static class StatusTables
{
    private const int WidthOfPipes = 200;

    public static async Task WriteAsync(ClusterClient client, CancellationToken stop)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = WidthOfPipes;
        }

        console.Write(Nodes(client));
        console.Write(await DisksAsync(client, stop));
    }

    private static Table Nodes(ClusterClient client)
    {
        var table = New("node", "status", "roles");
        var state = client.Cluster.State;
        var others = state.Members.Where(member => !member.UniqueAddress.Equals(client.Cluster.SelfUniqueAddress));
        foreach (var member in others.OrderBy(member => member.Address.ToString()))
        {
            Row(
                table, member.Address.ToString(), state.Unreachable.Contains(member) ? $"{member.Status}, unreachable" : $"{member.Status}",
                string.Join(", ", member.Roles.Where(role => !IsDisk(role))));
        }

        return table;
    }

    private static async Task<Table> DisksAsync(ClusterClient client, CancellationToken stop)
    {
        var table = New("disk", "node", "free", "size", "open files", "starts");
        foreach (var disk in client.Files.GetDisks())
        {
            try
            {
                var status = await client.Files.StatDiskAsync(disk.Id, stop);
                Row(
                    table, disk.Id, disk.Node,
                    Size(status.FreeBytes), Size(status.SizeBytes), Number(status.OpenFiles), Number(status.Starts));
            }
            catch (AioClusterFileException)
            {
                Row(table, disk.Id, disk.Node, "does not answer", "", "", "");
            }
        }

        return table;
    }

    private static bool IsDisk(string role) =>
        role.StartsWith("disk-", StringComparison.Ordinal) || role.StartsWith("shared-", StringComparison.Ordinal);

    private static Table New(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }

        return table;
    }

    private static void Row(Table table, params string[] cells) => table.AddRow([.. cells.Select(Markup.Escape)]);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.0} GiB");
}
