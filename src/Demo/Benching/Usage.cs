
namespace AkkaAio.Demo.Benching;

/// <summary>What the process has used so far.</summary>
/// <param name="Resources">CPU time and context switches.</param>
/// <param name="AllocatedBytes">On the managed heap.</param>
/// <param name="Collections">Garbage collections, all generations.</param>
internal readonly record struct Usage(ResourceUsage Resources, long AllocatedBytes, int Collections)
{
    /// <param name="precise">Counts also what threads hold unfilled; stops them all for it, for a moment.</param>
    public static Usage Read(bool precise) =>
        new(ResourceUsage.Read(), GC.GetTotalAllocatedBytes(precise), GC.CollectionCount(0));

    public static Usage operator -(Usage later, Usage earlier) => new(
        new ResourceUsage(
            later.Resources.User - earlier.Resources.User,
            later.Resources.System - earlier.Resources.System,
            later.Resources.ContextSwitches - earlier.Resources.ContextSwitches),
        later.AllocatedBytes - earlier.AllocatedBytes,
        later.Collections - earlier.Collections);

    public static Usage operator +(Usage one, Usage other) => one - (default(Usage) - other);
}
