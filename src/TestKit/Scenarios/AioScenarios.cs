namespace AkkaAio.TestKit;

/// <summary>Runs a test of an actor once for each fault that may befall each of its operations.</summary>
public static class AioScenarios
{
    /// <summary>
    /// Runs the test without a fault to see which operations it does, then again for each of these and each fault: this one operation
    /// fails, or is short or late, and the test says whether what its actor claims is still true.
    /// </summary>
    /// <param name="test">
    /// Starts what it tests on the scenario's disk, and throws where it is wrong. It may be called a thousand times. An operation is known
    /// by kind, path, offset and length, and by how many equal ones came before it: the run should do the same each time.
    /// </param>
    /// <param name="options">Null: the defaults.</param>
    /// <exception cref="AioTestException">
    /// The test has thrown, or has not ended in time, or has left something: says in which scenario, and how to repeat it alone.
    /// </exception>
    public static async Task<AioScenarioReport> EachOperationFails(Func<AioScenario, Task> test, AioScenarioOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(test);
        options ??= new AioScenarioOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxScenarios, nameof(options));
        var calm = new AioScenario(-1, options.NewDisk(options.Seed), options.Config, null, null, 0);
        await RunAsync(test, calm, options).ConfigureAwait(false);
        var operations = calm.Operations().Where(pair => options.Where?.Invoke(pair.Operation) ?? true).ToArray();
        var all =
            (from pair in operations
             from fault in options.Faults
             where fault.IsPossible(pair.Operation)
             select (pair.Operation, pair.Before, Fault: fault)).ToArray();
        var notReached = new List<string>();
        var chosen = Chosen(all.Length, options);
        foreach (var number in chosen)
        {
            var (operation, before, fault) = all[number];
            var disk = options.NewDisk(unchecked(options.Seed + number + 1));
            var scenario = new AioScenario(number, disk, options.Config, operation, fault, before);
            await RunAsync(test, scenario, options).ConfigureAwait(false);
            if (!scenario.HasOccurred)
            {
                notReached.Add(scenario.ToString());
            }
        }

        return new AioScenarioReport
        {
            Seed = options.Seed,
            Operations = operations.Length,
            Scenarios = chosen.Length,
            Possible = all.Length,
            NotReached = notReached,
        };
    }

    private static int[] Chosen(int count, AioScenarioOptions options)
    {
        if (options.Only is { } only)
        {
            return only >= 0 && only < count
                ? [only]
                : throw new AioTestException(
                    $"Only is {only}, and there are {(count == 0 ? "no scenarios" : $"the scenarios 0 to {count - 1}")}");
        }

        var numbers = Enumerable.Range(0, count).ToArray();
        if (count <= options.MaxScenarios)
        {
            return numbers;
        }

        new Random(options.Seed).Shuffle(numbers);
        return [.. numbers.Take(options.MaxScenarios).Order()];
    }

    private static async Task RunAsync(Func<AioScenario, Task> test, AioScenario scenario, AioScenarioOptions options)
    {
        var run = Task.Run(RunToEndAsync); // a test that blocks its thread has a time limit too
        try
        {
            await run.WaitAsync(options.Timeout).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            scenario.Abandon();
            var what = !run.IsCompleted ? $"has not ended within {options.Timeout.TotalSeconds} s" : $"failed: {e.Message}";
            var repeat = scenario.Number < 0
                ? $"Seed = {options.Seed}"
                : $"Seed = {options.Seed}, Only = {scenario.Number}";
            throw new AioTestException(
                $"{scenario} {what}\nRepeat it with new AioScenarioOptions {{ {repeat} }}.\n{scenario.Disk.Describe()}", e);
        }

        async Task RunToEndAsync()
        {
            await test(scenario).ConfigureAwait(false);
            await scenario.EndAsync().ConfigureAwait(false);
        }
    }
}
