using System.Numerics;
using System.Runtime.CompilerServices;

namespace AkkaAio.Persistence;

/// <summary>How an <see cref="AioLog"/> is kept. The defaults are those of <c>akka.persistence.aio-store</c>.</summary>
public sealed record AioLogSettings
{
    private const long MiB = 1 << 20;

    /// <summary>The defaults.</summary>
    public static AioLogSettings Default { get; } = new();

    /// <summary>Bytes of a segment: 1 MiB to 64 GiB. A log keeps one ready ahead, so twice that is its least size.</summary>
    public long SegmentSize { get; init; } = 256 * MiB;

    /// <summary>Bytes of the buffer that appends are collected in while the disk is busy: 64 KiB to 64 MiB.</summary>
    public int BufferSize { get; init; } = 4 << 20;

    /// <summary>Batches that are written at a time where the disk is slow: 1 to 16.</summary>
    public int Pipeline { get; init; } = 4;

    /// <summary>
    /// Batches are written side by side where a commit takes longer than this, one by one otherwise: 0 to 1 s; zero: always side by side.
    /// </summary>
    public TimeSpan PipelineFrom { get; init; } = TimeSpan.FromMicroseconds(200);

    /// <summary>Bytes a second at which the next segment is filled with zeros; 0: no limit.</summary>
    public long ZeroRate { get; init; } = 200 * MiB;

    /// <summary>The most bytes of one append: 1 KiB to 64 MiB.</summary>
    public int MaxAppend { get; init; } = 64 << 20;

    /// <summary>Dsync; or None, for tests: then nothing that is acknowledged outlives a power cut.</summary>
    public AioDurability Durability { get; init; } = AioDurability.Dsync;

    /// <summary>The shard of its files; null: by the folder's path.</summary>
    public int? Shard { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">A value is impossible: its name, the value, and what is possible.</exception>
    internal AioLogSettings Check()
    {
        InRange(SegmentSize, MiB, 64L << 30);
        InRange(BufferSize, 64 << 10, 64 << 20);
        InRange(Pipeline, 1, 16);
        InRange(PipelineFrom.TotalSeconds, 0, 1, nameof(PipelineFrom));
        InRange(ZeroRate, 0, long.MaxValue);
        InRange(MaxAppend, 1 << 10, 64 << 20);
        return Enum.IsDefined(Durability) ? this : throw new ArgumentOutOfRangeException(nameof(Durability), Durability, "Dsync or None");
    }

    private static void InRange<T>(T value, T least, T most, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : INumber<T>
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {least} to {most}");
        }
    }
}
