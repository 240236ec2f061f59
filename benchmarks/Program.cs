using System.CommandLine;
using AkkaAio;
using AkkaAio.Benchmarks.Cluster;
using AkkaAio.Benchmarks.Compare;
using AkkaAio.Benchmarks.Contenders;
using AkkaAio.Benchmarks.Journals;
using AkkaAio.Benchmarks.Micro;
using AkkaAio.Benchmarks.Null;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Verbs;

using var stop = new StopSignals();
var root = new RootCommand("AkkaAio beside fio, .NET's own file I/O and bare Akka, on your machine and disk.")
{
    CompareVerb.Create(stop),
    MicroVerb.Create(stop),
    BenchVerb.Create(config: new("--config"), stop, noData: new AioSetup(new NullEngine())),
    ContenderVerb.Create(stop),
    JournalVerb.Create(stop),
    ClusterShardsVerb.Create(stop),
    ClusterStreamsVerb.Create(stop),
    ClusterStreamsVerb.CreateOwner(stop),
};
var code = await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
Environment.Exit(code); // also where a transport or a materializer has left a thread
