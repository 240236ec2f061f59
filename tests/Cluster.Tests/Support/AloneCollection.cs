namespace AkkaAio.Cluster.Tests;

/// <summary>For specs that measure the process: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
