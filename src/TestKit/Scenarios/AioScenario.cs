using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;

namespace AkkaAio.TestKit;

/// <summary>One run of a test: without a fault, or with one.</summary>
public sealed class AioScenario
{
    private static readonly Config Defaults = ConfigurationFactory.ParseString(
        """
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          io.aio.shards = 1
        }
        """);

    private readonly List<ActorSystem> _systems = [];
    private readonly Config _config;
    private readonly DiskRule? _rule;
    private int? _operationsBeforeEnd;

    internal AioScenario(int number, AioTestDisk disk, Config config, DiskOperation? operation, DiskFault? fault, int before)
    {
        Number = number;
        Disk = disk;
        Operation = operation;
        Fault = fault;
        _config = config.WithFallback(Defaults);
        _rule = operation is null ? null : fault!.Befall(
            new DiskOperations(disk, operation.Kind, null).Where(other => IsLike(other, operation)).Skip(before).Times(1), operation);
    }

    /// <summary>By which <see cref="AioScenarioOptions.Only"/> names it; -1 of the run without a fault.</summary>
    public int Number { get; }

    /// <summary>A new disk. It is given to actor systems that the test makes itself with <see cref="AioTestDisk.Setup"/>.</summary>
    public AioTestDisk Disk { get; }

    /// <summary>The operation that something befalls, as the run without a fault had it; null in that run.</summary>
    public DiskOperation? Operation { get; }

    /// <summary>What befalls it; null in the run without a fault.</summary>
    public DiskFault? Fault { get; }

    /// <summary>It has befallen the operation.</summary>
    public bool HasOccurred => _rule?.Hits > 0;

    /// <summary>Completes when it has befallen the operation; at once in the run without a fault.</summary>
    /// <param name="timeout">By the machine's clock; null: 10 s.</param>
    /// <exception cref="AioTestException">It has not in this time.</exception>
    public Task WhenOccurred(TimeSpan? timeout = null) => _rule?.WhenHit(1, timeout) ?? Task.CompletedTask;

    /// <summary>
    /// A new actor system whose files are on the disk. At the end of the test it is terminated, and nothing may be left of it.
    /// </summary>
    public ActorSystem StartSystem()
    {
        var system = ActorSystem.Create("scenario", ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(_config), Disk.Setup));
        lock (_systems)
        {
            _systems.Add(system);
        }

        return system;
    }

    /// <summary>
    /// From now on nothing more fails, and what hangs goes on: before the test looks at what is left. What is done after it in the run
    /// without a fault is not among the operations that something befalls.
    /// </summary>
    public void EndFault()
    {
        _operationsBeforeEnd ??= Disk.Operations.Count;
        _rule?.Dispose();
    }

    /// <summary>"scenario 17: write of 4096 bytes at 8192 of orders.log fails with EIO".</summary>
    public override string ToString() =>
        Operation is null ? "the run without a fault" : $"scenario {Number}: {Operation.Describe()} {Fault}";

    /// <summary>Of the run without a fault: those that something may befall, and how many equal ones came before each.</summary>
    internal IEnumerable<(DiskOperation Operation, int Before)> Operations()
    {
        var all = Disk.Operations.Take(_operationsBeforeEnd ?? int.MaxValue).ToArray();
        return all.Select((operation, i) => (operation, all.Take(i).Count(other => IsLike(other, operation))))
            .Where(pair => pair.operation.Kind != DiskOperationKind.Close);
    }

    /// <summary>Terminates the systems, and expects nothing to be left.</summary>
    internal async Task EndAsync()
    {
        EndFault();
        var systems = Systems();
        await Task.WhenAll(systems.Select(system => system.Terminate())).ConfigureAwait(false);
        await Disk.ExpectNoLeaks().ConfigureAwait(false);
        foreach (var system in systems)
        {
            await Disk.ExpectNoLeaks(system).ConfigureAwait(false);
        }
    }

    /// <summary>After a failure: without waiting.</summary>
    internal void Abandon()
    {
        EndFault();
        Array.ForEach(Systems(), system => _ = system.Terminate());
    }

    private ActorSystem[] Systems()
    {
        lock (_systems)
        {
            return [.. _systems];
        }
    }

    private static bool IsLike(DiskOperation one, DiskOperation other) =>
        one.Kind == other.Kind && one.Path == other.Path && one.NewPath == other.NewPath && one.Offset == other.Offset &&
        one.Length == other.Length;
}
