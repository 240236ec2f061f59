namespace AkkaAio.TestKit;

/// <summary>Arithmetic on counts that ends at <see cref="Most"/> instead of overflowing.</summary>
internal static class Saturating
{
    public const long Most = long.MaxValue;

    public static long Add(long a, long b) => a > Most - b ? Most : a + b;

    public static long Multiply(long a, long b) => Math.BigMul(a, b) is var product && product > Most ? Most : (long)product;
}
