using Akka;
using Akka.Streams.Dsl;
using AkkaAio.Streams.Stages;

namespace AkkaAio.Streams;

/// <summary>Random access as flows: many operations at once, and what is passed along with an element comes out with its result.</summary>
/// <remarks>
/// At most <c>parallelism</c> elements are in the flow: under way, or done and not pulled yet. A failed operation fails the stream with its
/// cause, an <see cref="AioException"/>; with the flows that keep the order the results before it come first. The file is left open.
/// <see cref="AioOverloadedException"/> never comes out: the flow waits for room and tells the command again. Supervision attributes have
/// no effect.
/// </remarks>
public static class AioFlow
{
    /// <summary>Reads each range; results in the order of the ranges.</summary>
    /// <typeparam name="T">What is passed along.</typeparam>
    /// <param name="file">The file, open for reading.</param>
    /// <param name="parallelism">Reads at once: 1 to 1024.</param>
    /// <returns>
    /// Buffers of the pool: each is its receiver's, to be disposed. It has fewer bytes than asked for where the file ends, 0 behind it.
    /// </returns>
    public static Flow<(AioRange Range, T Pass), (AioBuffer Data, T Pass), NotUsed> ReadAt<T>(AioFile file, int parallelism) =>
        Reads<T>(file, parallelism, isOrdered: true);

    /// <summary>As <see cref="ReadAt"/>; results as they come, so that a slow read holds up none of the others.</summary>
    public static Flow<(AioRange Range, T Pass), (AioBuffer Data, T Pass), NotUsed> ReadAtUnordered<T>(AioFile file, int parallelism) =>
        Reads<T>(file, parallelism, isOrdered: false);

    /// <summary>Writes each element; what was passed along comes out when it is written, in the order of the elements.</summary>
    /// <typeparam name="T">What is passed along.</typeparam>
    /// <param name="file">The file, open for writing. Offset and length are aligned, if it is direct: see <see cref="Aio.Write"/>.</param>
    /// <param name="parallelism">Writes at once: 1 to 1024. They have no order among each other: let no two under way overlap.</param>
    /// <param name="durability">Dsync: it comes out when it is on stable storage.</param>
    /// <remarks>Leave data unchanged until its element has come out, or the stream has ended.</remarks>
    public static Flow<(long Offset, ReadOnlyMemory<byte> Data, T Pass), T, NotUsed> WriteAt<T>(
        AioFile file, int parallelism, AioDurability durability = AioDurability.None) =>
        Writes<T>(file, parallelism, durability, isOrdered: true);

    /// <summary>As <see cref="WriteAt"/>; results as they come.</summary>
    public static Flow<(long Offset, ReadOnlyMemory<byte> Data, T Pass), T, NotUsed> WriteAtUnordered<T>(
        AioFile file, int parallelism, AioDurability durability = AioDurability.None) =>
        Writes<T>(file, parallelism, durability, isOrdered: false);

    private static Flow<(AioRange Range, T Pass), (AioBuffer Data, T Pass), NotUsed> Reads<T>(
        AioFile file, int parallelism, bool isOrdered)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Make(new TransferStage<(AioRange Range, T Pass), (AioBuffer Data, T Pass)>(
            parallelism, isOrdered,
            (element, token) => new Aio.RentRead(file, element.Range.Offset, element.Range.Length) { Token = token },
            (element, reply) => (((Aio.RentReadCompleted)reply).Buffer, element.Pass),
            result => result.Data.Dispose()));
    }

    private static Flow<(long Offset, ReadOnlyMemory<byte> Data, T Pass), T, NotUsed> Writes<T>(
        AioFile file, int parallelism, AioDurability durability, bool isOrdered)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Make(new TransferStage<(long Offset, ReadOnlyMemory<byte> Data, T Pass), T>(
            parallelism, isOrdered,
            (element, token) => new Aio.Write(file, element.Data, element.Offset) { Durability = durability, Token = token },
            (element, _) => element.Pass,
            _ => { }));
    }

    private static Flow<TIn, TOut, NotUsed> Make<TIn, TOut>(TransferStage<TIn, TOut> stage) => Flow.FromGraph(stage);
}
