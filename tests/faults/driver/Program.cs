using System.CommandLine;
using AkkaAio.FaultDriver;
using AkkaAio.FaultDriver.Lifetimes;

// What the scripts beside it run under faults, power cuts and kill -9. Each verb prints what happened and exits with 1 when something
// was lost, doubled or left behind.
var file = new Argument<string>("file") { Description = "the file to work on" };
var hocon = new Option<string>("--hocon") { Description = "configuration text", DefaultValueFactory = _ => "" };

var load = new Command("load", "writes, reads back and compares, with everything in flight at once") { file, hocon };
var operations = new Option<int>("--operations") { DefaultValueFactory = _ => 2000 };
var fileSizeLimit = new Option<long?>("--file-size-limit") { Description = "RLIMIT_FSIZE in bytes, set on this process with prlimit(1)" };
var readOnly = new Option<bool>("--read-only") { Description = "read what is there, compare nothing" };
load.Options.Add(operations);
load.Options.Add(readOnly);
load.Options.Add(fileSizeLimit);
load.SetAction(async (parsed, _) =>
{
    if (parsed.GetValue(fileSizeLimit) is { } bytes)
    {
        await Limits.SetAsync("fsize", bytes);
    }

    return await Load.RunAsync(parsed.GetValue(file)!, parsed.GetValue(operations), parsed.GetValue(readOnly), parsed.GetValue(hocon)!);
});

var descriptors = new Command("descriptors", "opens files until RLIMIT_NOFILE refuses, then goes on with those that are open") { file };
descriptors.SetAction((parsed, _) => Limits.UseUpDescriptorsAsync(parsed.GetValue(file)!));

var records = new Command("records", "appends records and flushes; prints the index of each that is acknowledged, until it is killed")
{
    file, hocon,
};
var noFlush = new Option<bool>("--no-flush") { Description = "acknowledge without the flush: must lose records at a power cut" };
var preallocate = new Option<long>("--preallocate") { Description = "fill this many preallocated bytes instead of appending" };
var dsync = new Option<bool>("--dsync") { Description = "write with Dsync instead of flushing" };
var buffered = new Option<bool>("--buffered") { Description = "through the page cache" };
var vectored = new Option<bool>("--vectored") { Description = "each record in two parts" };
var overwrite = new Option<bool>("--overwrite") { Description = "write over the file's blocks up to its end" };
foreach (var option in new Option[] { noFlush, preallocate, dsync, buffered, vectored, overwrite })
{
    records.Options.Add(option);
}

records.SetAction((parsed, token) => Records.WriteAsync(
    parsed.GetValue(file)!,
    new(
        Flush: !parsed.GetValue(noFlush) && !parsed.GetValue(dsync),
        parsed.GetValue(dsync),
        parsed.GetValue(buffered),
        parsed.GetValue(vectored),
        parsed.GetValue(overwrite),
        parsed.GetValue(preallocate)),
    parsed.GetValue(hocon)!,
    token));

var growAhead = new Option<long>("--grow-ahead") { Description = "AioOpenOptions.GrowAhead" };
var closing = new Command("closing", "writes 4096 bytes, flushes and closes, prints that, and waits to be killed")
{
    file, growAhead, hocon,
};
closing.SetAction((parsed, token) => Records.CloseAsync(parsed.GetValue(file)!, parsed.GetValue(growAhead), parsed.GetValue(hocon)!));

var acknowledged = new Argument<string>("acknowledged") { Description = "what `records` printed" };
var verify = new Command("verify", "checks that every acknowledged record is in the file, whole") { file, acknowledged };
verify.SetAction(parsed => Records.Verify(parsed.GetValue(file)!, parsed.GetValue(acknowledged)!));

var events = new Command("events", "persistent actors on the journal; prints each event that is acknowledged, until it is killed")
{
    file, hocon,
};
events.SetAction((parsed, _) => Events.WriteAsync(parsed.GetValue(file)!, parsed.GetValue(hocon)!));
var verifyEvents = new Command("verify-events", "checks that every acknowledged event is replayed, four starts in a row")
{
    file, acknowledged, hocon,
};
verifyEvents.SetAction((parsed, _) => Events.VerifyAsync(
    parsed.GetValue(file)!, parsed.GetValue(acknowledged)!, parsed.GetValue(hocon)!));

var minutes = new Argument<double>("minutes");
var soak = new Command("soak", "mixed load with restarts; memory, descriptors, threads and aio-nr stay flat") { file, minutes };
soak.SetAction((parsed, _) => Soak.RunAsync(parsed.GetValue(file)!, TimeSpan.FromMinutes(parsed.GetValue(minutes))));
var roundSeconds = new Option<double?>("--round") { Description = "seconds of each system; else a twelfth, 20 at most" };
var journalSoak = new Command(
    "journal-soak", "persistent actors with snapshots, deletes and restarts; memory, descriptors and disk stay flat")
{
    file, minutes, roundSeconds,
};
journalSoak.SetAction((parsed, _) => JournalSoak.RunAsync(
    parsed.GetValue(file)!, TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(roundSeconds)));

var times = new Option<int>("--times") { DefaultValueFactory = _ => 50 };
var terminate = new Command("terminate", "ends systems with 1000 operations in flight, again and again") { file, times };
terminate.SetAction((parsed, _) => Terminations.RunAsync(parsed.GetValue(file)!, parsed.GetValue(times)));

var overload = new Command("overload", "100 requesters with 10,000 outstanding commands each against one shard of depth 128") { file };
overload.SetAction((parsed, _) => Overload.RunAsync(parsed.GetValue(file)!));

var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 5 };
var megabytes = new Option<int>("--megabytes") { DefaultValueFactory = _ => 1024 };
var append = new Command("append", "what appending costs beside overwriting") { file, rounds, megabytes };
append.SetAction((parsed, _) => Append.RunAsync(
    parsed.GetValue(file)!, (long)parsed.GetValue(megabytes) << 20, parsed.GetValue(rounds)));

var others = new Argument<string>("others") { Description = "a folder on another device" };
var stick = new Option<string>("--stick") { Required = true, Description = "a shell command that slows the file's device down" };
var free = new Option<string?>("--free") { Description = "one that ends it; without: the system is terminated meanwhile" };
var write = new Option<bool>("--write") { Description = "write to the file, else read" };
var stuck = new Command("stuck", "a slow or stuck device hurts its own files alone") { file, others, stick, free, write };
stuck.SetAction((parsed, _) => Stuck.RunAsync(
    parsed.GetValue(file)!, parsed.GetValue(others)!, parsed.GetValue(stick)!, parsed.GetValue(free), parsed.GetValue(write)));

var what = new Argument<string>("what") { Description = "writes, open, close or flush" };
var otherFiles = new Option<string?>("--others") { Description = "a folder on another device, whose files must not notice" };
var freeAtLast = new Option<string>("--free") { Required = true, Description = "a shell command that ends it" };
var ending = new Command("ending", "a system that is ended while its file is stuck in the kernel")
{
    what, file, stick, freeAtLast, otherFiles, hocon,
};
ending.SetAction((parsed, _) => Ending.RunAsync(
    parsed.GetValue(what)!, parsed.GetValue(file)!, parsed.GetValue(stick)!, parsed.GetValue(freeAtLast)!, parsed.GetValue(otherFiles),
    parsed.GetValue(hocon)!));

var recordCount = new Option<int?>("--records") { Description = "how many records; else as many as it takes" };
var filling = new Command("filling", "records of 64 KiB on a disk that fills") { file, recordCount, growAhead, hocon };
filling.SetAction((parsed, _) => Filling.RecordsAsync(
    parsed.GetValue(file)!, parsed.GetValue(recordCount), parsed.GetValue(growAhead), parsed.GetValue(hocon)!));
var callsThatFail = new Command("calls-that-fail", "1 GiB where there is less: the file stays as it was") { file, hocon };
callsThatFail.SetAction((parsed, _) => Filling.CallsThatFailAsync(parsed.GetValue(file)!, parsed.GetValue(hocon)!));

var seed = new Option<int>("--seed") { DefaultValueFactory = _ => Random.Shared.Next(1_000_000) };
var sharing = new Command("sharing", "two systems and a foreign process on one growing file") { file, seed, growAhead, hocon };
sharing.SetAction((parsed, _) => Sharing.RunAsync(
    parsed.GetValue(file)!, parsed.GetValue(seed), parsed.GetValue(growAhead), parsed.GetValue(hocon)!));

var appender = new Command("appender", "appends records until it is killed, and goes on behind the last whole one")
{
    file, recordCount, growAhead, hocon,
};
appender.SetAction((parsed, _) => Appender.RunAsync(
    parsed.GetValue(file)!, parsed.GetValue(recordCount), parsed.GetValue(growAhead), parsed.GetValue(hocon)!));
var find = new Command("find", "how many whole records a reader finds") { file };
find.SetAction(parsed => Appender.Find(parsed.GetValue(file)!));

var control = new Argument<string>("control") { Description = "the control file of the disk that forgets" };
var failedFlush = new Command("failed-flush", "a device that fails once: each later Flush of that open fails") { file, control, hocon };
failedFlush.SetAction((parsed, _) => FailedFlush.RunAsync(parsed.GetValue(file)!, parsed.GetValue(control)!, parsed.GetValue(hocon)!));

var seedOfWork = new Argument<int>("seed") { Description = "which work: the same seed does the same" };
var crashWork = new Command("crash-work", "writes, flushes and lengths, each step printed when it is done, until it is killed")
{
    file, seedOfWork,
};
crashWork.SetAction((parsed, _) => KitAgainstDisk.WorkAsync(parsed.GetValue(file)!, parsed.GetValue(seedOfWork)));
var folder = new Argument<string>("folder") { Description = "NAME-SEED.left, the file, and NAME-SEED.done, what crash-work printed" };
var model = new Option<string>("--model") { DefaultValueFactory = _ => KitAgainstDisk.Models[0] };
model.AcceptOnlyFromAmong(KitAgainstDisk.Models);
var crashCheck = new Command("crash-check", "whether what cuts have left is among the images of the test kit") { folder, model };
crashCheck.SetAction((parsed, _) => KitAgainstDisk.CheckAsync(parsed.GetValue(folder)!, parsed.GetValue(model)!));

Command[] commands = [
    load, descriptors, records, closing, verify, events, verifyEvents, soak, journalSoak, terminate, overload, append, stuck, ending,
    filling, callsThatFail, sharing, appender, find, failedFlush, crashWork, crashCheck, LifetimesVerb.Command(),
];
var root = new RootCommand("Drives AkkaAio for the fault scripts.");
foreach (var command in commands)
{
    root.Subcommands.Add(command);
}

return await root.Parse(args).InvokeAsync();
