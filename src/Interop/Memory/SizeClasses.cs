using System.Numerics;

namespace AkkaAio;

/// <summary>
/// Block sizes: multiples of a page in four steps per doubling (4, 8, 12, 16, 20, 24, 28, 32, 40, 48 … KiB), so that rounding up
/// wastes a quarter at most.
/// </summary>
internal static class SizeClasses
{
    private const int StepBits = 2;
    private const int Steps = 1 << StepBits;

    /// <summary>Classes up to that of <see cref="int.MaxValue"/> bytes.</summary>
    public static int Count { get; } = ClassOf(int.MaxValue) + 1;

    /// <summary>The smallest class whose blocks hold <paramref name="length"/> bytes.</summary>
    public static int ClassOf(int length)
    {
        var pages = (int)Math.Max(1, ((long)length + AioBuffer.Alignment - 1) / AioBuffer.Alignment);
        if (pages <= Steps)
        {
            return pages - 1;
        }

        // pages - 1 has its top StepBits + 1 bits as 1ab: ab is the step within the doubling.
        var shift = BitOperations.Log2((uint)(pages - 1)) - StepBits;
        var step = (pages - 1) >> shift;
        return (shift * Steps) + step;
    }

    /// <summary>Bytes of a block of this class.</summary>
    public static long SizeOf(int sizeClass)
    {
        if (sizeClass < Steps)
        {
            return (sizeClass + 1L) * AioBuffer.Alignment;
        }

        var shift = (sizeClass / Steps) - 1;
        var step = (sizeClass % Steps) + Steps;
        return (step + 1L) * AioBuffer.Alignment << shift;
    }
}
