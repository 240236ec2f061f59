using AkkaAio.Demo.CommandLine;

using var stop = new StopSignals();
return await StandardStreams.GuardAsync(() => DemoCommand.RunAsync(args, stop));
