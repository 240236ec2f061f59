using System.Globalization;
using System.Text.RegularExpressions;
using Akka.Actor;
using AkkaAio.TestKit.Tests.Support;

namespace AkkaAio.TestKit.Tests;

/// <summary>Each fault at each operation of an actor: what is wrong is found, and what was printed repeats it.</summary>
public sealed partial class ScenarioSpecs
{
    private const string Path = "/orders.log";

    [Fact]
    public async Task A_log_that_is_right_passes_all_of_them()
    {
        var report = await AioScenarios.EachOperationFails(scenario => LogKeepsWhatItAcknowledges<OrderLog>(scenario, new()));
        Assert.True(report.IsExhaustive, report.ToString());
        Assert.InRange(report.Operations, 9, 20); // an open, eight writes, growth
        Assert.InRange(report.Scenarios, 25, 80);
    }

    [Fact]
    public async Task A_log_that_is_wrong_is_found_and_what_is_printed_repeats_it_alone()
    {
        var found = await Assert.ThrowsAsync<AioTestException>(() =>
            AioScenarios.EachOperationFails(scenario => LogKeepsWhatItAcknowledges<ForgetfulLog>(scenario, new())));
        var (seed, number) = Printed(found.Message);
        Assert.Contains($"scenario {number}: ", found.Message, StringComparison.Ordinal);
        Assert.Contains("fails with EIO", found.Message, StringComparison.Ordinal);
        Assert.Contains("is acknowledged", found.Message, StringComparison.Ordinal);

        var runs = new List<string>();
        var again = await Assert.ThrowsAsync<AioTestException>(() => AioScenarios.EachOperationFails(
            scenario => LogKeepsWhatItAcknowledges<ForgetfulLog>(scenario, runs), new() { Seed = seed, Only = number }));
        Assert.Equal(WhatAndHow(found), WhatAndHow(again));
        Assert.Equal(2, runs.Count); // without a fault, and this one
    }

    [Fact]
    public async Task A_chance_in_a_scenario_is_repeated_by_the_printed_seed_too()
    {
        var first = await Assert.ThrowsAsync<AioTestException>(() => AioScenarios.EachOperationFails(Test, new() { NewDisk = NewDisk }));
        var (seed, number) = Printed(first.Message);
        for (var i = 0; i < 3; i++)
        {
            var again = await Assert.ThrowsAsync<AioTestException>(
                () => AioScenarios.EachOperationFails(Test, new() { NewDisk = NewDisk, Seed = seed, Only = number }));
            Assert.Equal(WhatAndHow(first), WhatAndHow(again));
        }

        // Fails where chance lets a third of the writes fail beside the scenario's own fault.
        static async Task Test(AioScenario scenario)
        {
            using var chance = scenario.Fault is null ? null : scenario.Disk.Writes().WithChance(0.3).Fail(Errno.ENOSPC);
            var log = scenario.StartSystem().ActorOf(Props.Create(() => new OrderLog(Path)));
            var acknowledged = await Orders.AppendAsync(log, 8);
            Assert.True(acknowledged.Count >= 6, $"acknowledged are {string.Join(",", acknowledged.Values)}");
            await CloseAsync(scenario, log);
        }

        static AioTestDisk NewDisk(int seed) => new() { Seed = seed };
    }

    [Fact]
    public async Task Beyond_the_most_the_seed_chooses_and_the_report_says_so()
    {
        var options = new AioScenarioOptions { MaxScenarios = 5, Seed = 7 };
        var (first, second) = (new List<string>(), new List<string>());
        var report = await AioScenarios.EachOperationFails(scenario => LogKeepsWhatItAcknowledges<OrderLog>(scenario, first), options);
        await AioScenarios.EachOperationFails(scenario => LogKeepsWhatItAcknowledges<OrderLog>(scenario, second), options);
        Assert.False(report.IsExhaustive);
        Assert.Equal(5, report.Scenarios);
        Assert.Equal($"5 of {report.Possible} scenarios at {report.Operations} operations, seed 7", report.ToString());
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Faults_and_operations_can_be_chosen_and_what_hangs_goes_on_after_the_fault()
    {
        var seen = new List<string>();
        var report = await AioScenarios.EachOperationFails(
            async scenario =>
            {
                seen.Add(scenario.ToString());
                var log = scenario.StartSystem().ActorOf(Props.Create(() => new OrderLog(Path)));
                var appending = Orders.AppendAsync(log, 2);
                if (scenario.Fault is not null)
                {
                    await scenario.WhenOccurred();
                    Assert.False(appending.IsCompleted);
                    scenario.EndFault();
                }

                Assert.Equal(2, (await appending).Count);
                await CloseAsync(scenario, log);
            },
            new() { Faults = [DiskFault.Hang], Where = operation => operation.Kind == DiskOperationKind.Write });
        Assert.Equal(
            ["the run without a fault", "scenario 0: write of 4096 bytes at 0 of /orders.log, dsync hangs",
                "scenario 1: write of 4096 bytes at 4096 of /orders.log, dsync hangs"],
            seen);
        Assert.True(report.IsExhaustive);
    }

    [Fact]
    public async Task What_is_done_after_the_end_of_the_fault_is_not_failed()
    {
        var report = await AioScenarios.EachOperationFails(async scenario =>
        {
            var aio = AioExt.Get(scenario.StartSystem());
            scenario.EndFault();
            await (await aio.OpenAsync("/b", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite })).DisposeAsync();
        });
        Assert.Equal(0, report.Operations);
    }

    [Fact]
    public async Task An_operation_that_does_not_come_again_is_reported()
    {
        var runs = 0;
        var report = await AioScenarios.EachOperationFails(
            async scenario =>
            {
                var aio = AioExt.Get(scenario.StartSystem());
                await (await aio.OpenAsync($"/{runs++}", new() { Mode = FileMode.Create, Access = FileAccess.ReadWrite })).DisposeAsync();
            },
            new() { Faults = [DiskFault.Fail(Errno.EIO)], Seed = 3 });
        Assert.Equal("1 of 1 scenarios at 1 operations, seed 3; not reached: scenario 0: open of /0 fails with EIO", report.ToString());
        Assert.False(report.IsExhaustive);
    }

    [Fact]
    public async Task A_test_that_leaves_something_or_does_not_end_or_fails_at_once_has_failed()
    {
        var left = await FailureOf(20, scenario => AioExt.Get(scenario.StartSystem()).Pool.Rent(4096));
        Assert.Contains(
            "the run without a fault failed: 1 were never disposed, and nobody refers to them: a buffer of 4096 bytes",
            left, StringComparison.Ordinal);
        Assert.Contains("Repeat it with new AioScenarioOptions { Seed = 3 }.", left, StringComparison.Ordinal);
        var slip = await FailureOf(20, _ => throw new InvalidOperationException("a slip"));
        Assert.Contains("the run without a fault failed: a slip", slip, StringComparison.Ordinal);
        using var end = new ManualResetEventSlim();
        Assert.Contains("has not ended within 0.2 s", await FailureOf(0.2, _ => end.Wait()), StringComparison.Ordinal);
        end.Set();

        static async Task<string> FailureOf(double seconds, Action<AioScenario> test) => (await Assert.ThrowsAsync<AioTestException>(() =>
            AioScenarios.EachOperationFails(
                scenario =>
                {
                    test(scenario);
                    return Task.CompletedTask;
                },
                new() { Seed = 3, Timeout = TimeSpan.FromSeconds(seconds) }))).Message;
    }

    [Fact]
    public async Task A_number_that_there_is_not_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<AioTestException>(() =>
            AioScenarios.EachOperationFails(_ => Task.CompletedTask, new() { Only = 4 }));
        Assert.Contains("Only is 4, and there are no scenarios", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task LogKeepsWhatItAcknowledges<TLog>(AioScenario scenario, List<string> runs)
        where TLog : ActorBase
    {
        runs.Add(scenario.ToString());
        var log = scenario.StartSystem().ActorOf(Props.Create<TLog>(Path));
        var acknowledged = await Orders.AppendAsync(log, 8);
        await CloseAsync(scenario, log);
        foreach (var (number, order) in acknowledged)
        {
            var found = Orders.Read(scenario.Disk, Path, number);
            Assert.True(found == order, $"order {order} is acknowledged as {number}, and on the disk is \"{found}\"");
        }
    }

    private static async Task CloseAsync(AioScenario scenario, IActorRef log)
    {
        scenario.EndFault();
        await log.GracefulStop(TimeSpan.FromSeconds(20)); // its files are closed with it
    }

    /// <summary>What failed, and how to repeat it, without the disk's last operations: a close may be among them or still come.</summary>
    private static string[] WhatAndHow(AioTestException failure) => failure.Message.Split('\n')[..2];

    private static (int Seed, int Only) Printed(string message)
    {
        var printed = RepeatIt().Match(message);
        Assert.True(printed.Success, message);
        return (int.Parse(printed.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(printed.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"new AioScenarioOptions \{ Seed = (\d+), Only = (\d+) \}")]
    private static partial Regex RepeatIt();
}
