using System.Runtime.InteropServices;
using Akka.IO;
using Akka.Streams.Dsl;

namespace AkkaAio.Streams;

/// <summary>Between AkkaAio's streams of memory and those of Akka.IO's <see cref="ByteString"/>.</summary>
public static class AioByteStrings
{
    /// <summary>The elements as byte strings over the same arrays, without a copy: leave those unchanged.</summary>
    public static Source<ByteString, TMat> AsByteStrings<TMat>(this Source<ReadOnlyMemory<byte>, TMat> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Select(ToByteString);
    }

    /// <summary>The sink for byte strings, each of which is copied: their own arrays cannot be had.</summary>
    public static Sink<ByteString, TMat> FromByteStrings<TMat>(this Sink<ReadOnlyMemory<byte>, TMat> sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        return Flow.Create<ByteString>().Select(bytes => new ReadOnlyMemory<byte>(bytes.ToArray())).ToMaterialized(sink, Keep.Right);
    }

    private static ByteString ToByteString(ReadOnlyMemory<byte> memory) => MemoryMarshal.TryGetArray(memory, out var array)
        ? ByteString.FromBytes(array)
        : ByteString.FromBytes(memory.ToArray());
}
