using Xunit;

namespace AkkaAio.Tests.Support;

/// <summary>Specs that look at what the whole process or machine has: they run alone, after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MachineCollection
{
    public const string Name = "the machine's state";
}
