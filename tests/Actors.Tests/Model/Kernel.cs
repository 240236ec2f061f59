using AkkaAio.Interop.Engines;
using AkkaAio.TestKit;
using AkkaAio.Tests.Model.Stepping;

namespace AkkaAio.Tests.Model;

/// <summary>
/// The engine of a schedule: the in-memory one, with the faults of the schedule, the places where a stepper may let another go on, and
/// an eye on what an engine's user must not do.
/// </summary>
internal sealed class Kernel(MemoryEngine memory, Faults faults, Journal journal, Stepper? stepper) : IIoEngine
{
    private readonly Dictionary<int, string> _paths = [];

    public string Name => memory.Name;

    public (long Free, long Max)? Capacity => memory.Capacity;

    public MemoryEngine Memory => memory;

    public Faults Faults => faults;

    public Journal Journal => journal;

    public Stepper? Stepper => stepper;

    /// <summary>Changes requests on their way: what a kernel does that lies.</summary>
    public Func<IoRequest, IoRequest>? Lie { get; init; }

    public bool TakesBuffered => memory.TakesBuffered;

    public string? WhyUnavailable() => memory.WhyUnavailable();

    public long CapacityOf(int depth) => memory.CapacityOf(depth);

    public IIoContext CreateContext(int depth) => new KernelContext(this, memory.CreateContext(depth));

    public IIoFile Open(string path, IoFileOptions options)
    {
        var file = memory.Open(path, options);
        lock (_paths)
        {
            _paths.Add(file.Descriptor, path);
        }

        return file;
    }

    public string PathOf(int descriptor)
    {
        lock (_paths)
        {
            return _paths.GetValueOrDefault(descriptor, "");
        }
    }
}
