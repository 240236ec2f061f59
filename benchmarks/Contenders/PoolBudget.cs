using AkkaAio.Demo.Benching;

namespace AkkaAio.Benchmarks.Contenders;

/// <summary>Memory for all blocks of a load.</summary>
internal static class PoolBudget
{
    public static long For(BenchOptions options) => Math.Max(256L << 20, 2L * options.Outstanding * options.Bs);
}
