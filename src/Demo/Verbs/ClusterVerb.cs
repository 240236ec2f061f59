using System.CommandLine;
using AkkaAio.Cluster;
using AkkaAio.Demo.Clustering;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Progress;

namespace AkkaAio.Demo.Verbs;

/// <summary><c>cluster put|get|append|cat|ls|stat|rm|status</c>: files of a cluster that runs.</summary>
internal static class ClusterVerb
{
    private const string Name = "cluster";

    public static Command Create(Option<string?> config, StopSignals stop)
    {
        var seed = new Option<string>("--seed")
        {
            Description = "A node of the cluster [default: 127.0.0.1:4053]",
            HelpName = "HOST:PORT",
            Recursive = true,
        };
        var wait = new TimeOption(
            "--wait", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1),
            "How long to wait for the cluster, and for a disk that is away [default: 10]")
        {
            Recursive = true,
        };
        var local = new Argument<string>("LOCAL") { Description = "A local file" };
        var target = new Argument<string?>("ADDRESS")
        {
            Description = "DISK/NAME, or NAME: the disk with the most free space is taken [default: the name of LOCAL]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var address = new Argument<string>("ADDRESS") { Description = "DISK/NAME; at least 4 digits of the disk's id will do" };
        var saved = new Argument<string?>("LOCAL")
        {
            Description = "A local file or folder [default: the file's name]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var where = new Argument<string?>("DISK[/PREFIX]")
        {
            Description = "A disk, and what names begin with",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var log = new Option<bool>("--log") { Description = "A file that is not there is made as a log: each line is a record of it" };

        return new Command(Name, "Works on the files of a cluster that runs. Joins it as a node without disks, and leaves it in the end.")
        {
            seed, wait,
            Verb("put", "Puts a local file into the cluster, over one that is there, and prints its address.", [local, target],
                (client, result, token) => PutAsync(client, result.GetValue(local)!, result.GetValue(target), token)),
            Verb("get", "Gets a file; it is there whole or not at all. Of a log: what was appended.", [address, saved],
                (client, result, token) => GetAsync(client, result.GetValue(address)!, result.GetValue(saved), token)),
            Verb("append", "Appends what stdin has: to a log a line a record. Makes the file where it is not there.", [address, log],
                (client, result, token) => AppendAsync(client, result.GetValue(address)!, result.GetValue(log), token)),
            Verb("cat", "Writes a file to stdout; of a log what was appended.", [address], (client, result, token) =>
                CatAsync(client, result.GetValue(address)!, token)),
            Verb("ls", "Lists addresses of files, of one disk or of all that are up.", [where], (client, result, token) =>
                ListAsync(client, result.GetValue(where), token)),
            Verb("stat", "Prints length and kind of a file.", [address], (client, result, token) =>
                StatAsync(client, result.GetValue(address)!, token)),
            Verb("rm", "Removes a file, durably.", [address], (client, result, token) =>
                client.Files.DeleteAsync(FileChoice.Address(client, result.GetValue(address)!), token)),
            Verb("status", "Shows nodes and disks.", [], (client, _, token) => StatusTables.WriteAsync(client, token)),
        };

        Command Verb(string name, string description, Symbol[] parts, Func<ClusterClient, ParseResult, CancellationToken, Task> run)
        {
            var command = new Command(name, description);
            foreach (var part in parts)
            {
                if (part is Argument argument)
                {
                    command.Add(argument);
                }
                else
                {
                    command.Add((Option)part);
                }
            }

            command.SetAction((result, _) => DemoCommand.RunVerbAsync($"{Name} {name}", stop, async token =>
            {
                await using var client = await ClusterClient.JoinAsync(
                    result.GetValue(config), result.GetValue(seed) ?? "127.0.0.1:4053",
                    result.GetValue(wait) ?? TimeSpan.FromSeconds(10), token);
                await run(client, result, token);
                return ExitCode.Ok;
            }));
            return command;
        }
    }

    private static async Task PutAsync(ClusterClient client, string local, string? typed, CancellationToken stop)
    {
        LostNames.Refuse(local);
        if (!File.Exists(local))
        {
            throw new DemoException(Complaint.Describe(local, Directory.Exists(local) ? Errno.EISDIR : Errno.ENOENT));
        }

        var address = await FileChoice.NewAddressAsync(client, typed ?? Path.GetFileName(local), stop);
        await WithBarAsync("put", meter => Transfer.PutAsync(client.Files, local, address, meter, stop));
        Console.Out.WriteLine(address);
    }

    private static async Task GetAsync(ClusterClient client, string typed, string? local, CancellationToken stop)
    {
        LostNames.Refuse(local);
        var address = FileChoice.Address(client, typed);
        var name = address[(address.LastIndexOf('/') + 1)..];
        var path = local is null ? name : Directory.Exists(local) ? Path.Join(local, name) : local;
        await WithBarAsync("get", meter => Transfer.GetAsync(client.Files, address, path, meter, stop));
    }

    private static async Task AppendAsync(ClusterClient client, string typed, bool isLog, CancellationToken stop)
    {
        var options = new AioClusterOpenOptions { Mode = FileMode.OpenOrCreate, Kind = isLog ? AioClusterFileKind.Log : null };
        var file = await client.Files.OpenAsync(FileChoice.Address(client, typed), options, stop);
        await using var stdin = Console.OpenStandardInput();
        await Transfer.AppendAsync(file, stdin, stop);
    }

    private static async Task CatAsync(ClusterClient client, string typed, CancellationToken stop)
    {
        var file = await client.Files.OpenAsync(FileChoice.Address(client, typed), null, stop);
        await using var stdout = Console.OpenStandardOutput();
        await Transfer.WriteToAsync(file, stdout, stop);
    }

    private static async Task ListAsync(ClusterClient client, string? typed, CancellationToken stop)
    {
        (string Disk, string Prefix)[] places = typed is null
            ? [.. client.Files.GetDisks().Select(disk => (disk.Id, ""))]
            : [FileChoice.DiskAndPrefix(client, typed)];
        foreach (var (disk, prefix) in places)
        {
            await foreach (var address in client.Files.ListAsync(disk, prefix, stop))
            {
                Console.Out.WriteLine(address);
            }
        }
    }

    private static async Task StatAsync(ClusterClient client, string typed, CancellationToken stop)
    {
        var status = await client.Files.StatAsync(FileChoice.Address(client, typed), stop);
        Console.Out.WriteLine($"{status.Address} {(status.Kind == AioClusterFileKind.Log ? "log" : "plain")} {status.Length}");
    }

    private static Task<int> WithBarAsync(string what, Func<Meter, Task> work)
    {
        var meter = new Meter();
        return ProgressBar.ShowAsync(what, meter, async _ =>
        {
            await work(meter);
            return ExitCode.Ok;
        });
    }
}
