using AkkaAio.Demo.CommandLine;

using var stop = new StopSignals();
return await DemoCommand.RunAsync(args, stop);
