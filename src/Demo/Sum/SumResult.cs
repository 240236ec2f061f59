namespace AkkaAio.Demo.Sum;

/// <summary>What came out.</summary>
/// <param name="Sum">Of the integers read.</param>
/// <param name="Blocks">How many there should be.</param>
/// <param name="Shards">What each shard did.</param>
internal sealed record SumResult(long Sum, int Blocks, IReadOnlyList<Aio.ShardStats> Shards)
{
    /// <summary>0 + 1 + … + (Blocks - 1).</summary>
    public long Expected => (long)Blocks * (Blocks - 1) / 2;

    public bool IsRight => Sum == Expected;

    /// <summary>The last line of stdout.</summary>
    public override string ToString() => $"sum {Sum} expected {Expected} blocks {Blocks} {(IsRight ? "ok" : "MISMATCH")}";
}
