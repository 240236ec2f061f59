using System.Numerics;
using Akka.Streams;

namespace AkkaAio.Streams;

/// <summary>What settings may be, in code as in the configuration.</summary>
internal static class Limits
{
    public const int MostBlock = 1 << 30;
    public const int MostWindow = 1024;
    public const long MostAhead = 1L << 40;

    /// <exception cref="ArgumentOutOfRangeException">It is not 1 to <paramref name="most"/>.</exception>
    public static T Check<T>(T value, T most, string name)
        where T : INumber<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, T.One, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
        return value;
    }

    /// <summary>The max of the stage's own <see cref="Attributes.InputBuffer"/>; null: it has only the materializer's.</summary>
    public static int? InputBufferOf(Attributes attributes, ActorMaterializerSettings materializer)
    {
        var buffer = attributes.GetAttribute<Attributes.InputBuffer>(null!);
        return buffer is null || (buffer.Initial == materializer.InitialInputBufferSize && buffer.Max == materializer.MaxInputBufferSize)
            ? null
            : buffer.Max;
    }
}
