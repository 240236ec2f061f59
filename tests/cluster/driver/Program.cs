using System.CommandLine;
using AkkaAio.ClusterDriver;

// What tests/cluster/run.sh runs while it kills, stops, cuts off and fills: nodes, and a load whose history is checked.
var seed = new Option<string>("--seed") { Required = true, Description = "HOST:PORT of the cluster's nodes, separated by commas" };
var host = new Option<string>("--host") { DefaultValueFactory = _ => "127.0.0.1", Description = "the address to listen on" };
var hocon = new Option<string>("--hocon") { DefaultValueFactory = _ => "", Description = "configuration text" };

var port = new Option<int>("--port") { Required = true };
var data = new Option<string>("--data") { Required = true, Description = "the folder of the node's disk" };
var shared = new Option<bool>("--shared") { Description = "storage = shared: the folder is that of all nodes" };
var unfenced = new Option<bool>("--unfenced") { Description = "with --shared: without leases and locks" };
var writers = new Option<int>("--writers")
{
    Description = "actors on the default dispatcher, each told 20 times a second to write 4 KiB to the node's own disk",
};
var blocking = new Option<bool>("--blocking")
{
    Description = "these writers block their threads in write(2), otherwise they send to AkkaAio",
};
var node = new Command(
    "node", "one node with one disk, until SIGTERM; SIGUSR1 prints the longest time between two heartbeats since the last one")
{
    seed, host, port, data, shared, unfenced, writers, blocking, hocon,
};
node.SetAction((parsed, _) => NodeVerb.RunAsync(
    parsed.GetValue(seed)!, parsed.GetValue(host)!, parsed.GetValue(port), parsed.GetValue(data)!, parsed.GetValue(shared),
    parsed.GetValue(unfenced), parsed.GetValue(writers), parsed.GetValue(blocking), parsed.GetValue(hocon)!));

var seconds = new Option<double>("--seconds") { DefaultValueFactory = _ => 10 };
var random = new Option<int>("--random") { DefaultValueFactory = _ => 1, Description = "where the random numbers begin" };
var files = new Option<int>("--files") { DefaultValueFactory = _ => 6, Description = "logs, and as many plain files" };
var disks = new Option<int>("--disks") { DefaultValueFactory = _ => 3, Description = "waits until this many disks are there" };
var faulted = new Option<string>("--faulted")
{
    DefaultValueFactory = _ => "",
    Description = "disks that are hurt, separated by commas: the gaps of the others are told apart",
};
var doubled = new Option<bool>("--doubled") { Description = "delays changes, and sends each once more after a random time" };
var callTimeout = new Option<double>("--call-timeout") { DefaultValueFactory = _ => 5, Description = "seconds" };
var size = new Option<int>("--size") { DefaultValueFactory = _ => 500, Description = "the most bytes of a record" };
var lie = new Option<Lie>("--lie") { Description = "the reader drops, doubles or damages what it read: the check must see it" };
var histories = new Option<string>("--histories")
{
    DefaultValueFactory = _ => "",
    Description = "a folder for the calls on each file in which the check finds something",
};
var writesAlone = new Option<bool>("--writes-alone") { Description = "plain files are written, and neither truncated nor deleted" };
var load = new Command("load", "appends, writes, truncates and deletes from two clients; reads back through a third and checks the history")
{
    seed, host, seconds, random, files, disks, faulted, doubled, callTimeout, size, lie, writesAlone, histories, hocon,
};
load.SetAction((parsed, _) => LoadVerb.RunAsync(
    new LoadOptions(
        parsed.GetValue(seed)!, parsed.GetValue(host)!, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(random),
        parsed.GetValue(files), parsed.GetValue(disks),
        parsed.GetValue(faulted)!.Split(',', StringSplitOptions.RemoveEmptyEntries), parsed.GetValue(doubled),
        TimeSpan.FromSeconds(parsed.GetValue(callTimeout)), parsed.GetValue(size), parsed.GetValue(lie),
        parsed.GetValue(writesAlone), parsed.GetValue(histories)!, parsed.GetValue(hocon)!)));

var root = new RootCommand("Drives AkkaAio.Cluster for the fault scripts.") { node, load };
return await root.Parse(args).InvokeAsync();
