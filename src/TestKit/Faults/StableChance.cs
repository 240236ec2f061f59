namespace AkkaAio.TestKit;

/// <summary>Chance that is the same in each process, and depends on no order: a number for each operation, by what it is.</summary>
internal static class StableChance
{
    /// <param name="seed">The seed.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="before">How many equal ones came before it.</param>
    /// <returns>From 0 to below 1.</returns>
    public static double Of(int seed, DiskOperation operation, int before)
    {
        var hash = Mix((ulong)seed, (ulong)operation.Kind);
        hash = Mix(Mix(Mix(hash, (ulong)operation.Offset), (ulong)operation.Length), (ulong)before);
        foreach (var letter in operation.Path)
        {
            hash = Mix(hash, letter);
        }

        return (hash >> 11) * (1.0 / (1UL << 53));
    }

    // The finalizer of splitmix64 (Steele, Lea, Flood 2014).
    private static ulong Mix(ulong hash, ulong value)
    {
        hash += value + 0x9E3779B97F4A7C15;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
        return hash ^ (hash >> 31);
    }
}
