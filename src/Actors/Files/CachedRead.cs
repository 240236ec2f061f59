using System.Runtime.InteropServices;
using AkkaAio.Shards;

namespace AkkaAio.Files;

/// <summary>
/// An awaited read of a buffered file that the page cache can answer: the caller copies it itself, as its thread would have nothing
/// better to do than to wait for another thread's copy. Nothing here waits for a device (RWF_NOWAIT).
/// </summary>
/// <remarks>
/// The handle keeps its descriptor open until the copy is done. A copy beside a SetLength may have its zeros: it is thrown away, and the
/// shard reads again.
/// </remarks>
internal static class CachedRead
{
    /// <summary>False: the command's own way does it, or says why not.</summary>
    public static bool TryRead(AioFile file, long offset, Memory<byte> destination, out int count)
    {
        count = 0;
        if (!MayLook(file, offset, destination.Length))
        {
            return false;
        }

        // As an operation does: the owner may dispose it meanwhile.
        var isAioBuffer = MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(destination, out var buffer, out _, out _);
        if (isAioBuffer && !buffer!.TryAddReference())
        {
            return false;
        }

        try
        {
            return TryCopy(file, offset, destination.Span, out count);
        }
        catch (Exception) // the memory's own code, or the file has just been closed: the command's reply says it in words
        {
            return false;
        }
        finally
        {
            buffer?.Release();
        }
    }

    /// <summary>As the other, into a buffer of the pool; null: not done.</summary>
    public static AioBuffer? TryRead(AioFile file, long offset, int length)
    {
        if (!MayLook(file, offset, length))
        {
            return null;
        }

        AioBuffer? buffer = null;
        try
        {
            buffer = file.Aio.Pool.TryRent(length, origin: file);
            if (buffer is not null && TryCopy(file, offset, buffer.GetSpan(), out var count))
            {
                buffer.Slice(0, count);
                return buffer;
            }
        }
        catch (Exception) // the pool has ended with its system, or the file has just been closed
        {
            // As a miss.
        }

        buffer?.Dispose();
        return null;
    }

    // A caller's own reads come behind the barriers that it has told.
    private static bool MayLook(AioFile file, long offset, int length) =>
        !file.IsDirect && file.Handle.LooksIntoPageCache && offset >= 0 && length is > 0 and <= Operation.MaxCachedRead &&
        !file.HasExclusive && !file.Open.IsClosing && !file.Aio.Refuses;

    private static bool TryCopy(AioFile file, long offset, Span<byte> destination, out int count)
    {
        var (extent, counters) = (file.Extent, file.HomeShard.Counters.OfCallers);
        var (cuts, end) = (extent.Cuts, extent.Length);
        count = 0;
        var isTrue = !extent.IsCutting && file.Handle.TryReadCached(destination, offset, out count);
        Interlocked.MemoryBarrier();

        // What is behind the end that was known is another's, or zeros of an allocation that may yet fail: that takes a look at the file.
        isTrue = isTrue && extent.Cuts == cuts && offset + count <= Math.Max(end, offset);
        counters.Count(isTrue, count);
        return isTrue;
    }
}
