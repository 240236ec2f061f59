using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary>
/// <c>struct aio_ring</c> of <c>fs/aio.c</c>, at the address that is the <c>io_context_t</c>; the events follow. The kernel moves the
/// tail, whoever takes events out moves the head.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct AioRing
{
    private const uint KnownMagic = 0xa10a10a1;
    private const uint KnownIncompatFeatures = 0;

    public uint Id;
    public uint Nr;
    public uint Head;
    public uint Tail;
    public uint Magic;
    public uint CompatFeatures;
    public uint IncompatFeatures;
    public uint HeaderLength;

    /// <summary>The ring of a context, or null where its layout is not the one that we know.</summary>
    public static AioRing* Of(nint context)
    {
        var ring = (AioRing*)context;
        return ring->Magic == KnownMagic && ring->IncompatFeatures == KnownIncompatFeatures &&
               ring->HeaderLength == sizeof(AioRing) && ring->Nr > 0
            ? ring
            : null;
    }

    /// <summary>Takes out what is there, without a system call. By one thread at a time, io_getevents included.</summary>
    public static int Take(AioRing* ring, Span<IoEvent> events)
    {
        var head = ring->Head;
        var tail = Volatile.Read(ref ring->Tail);
        var source = (IoEvent*)((byte*)ring + sizeof(AioRing));
        var count = 0;
        while (head != tail && count < events.Length)
        {
            events[count++] = source[head];
            head = head + 1 == ring->Nr ? 0 : head + 1;
        }

        if (count > 0)
        {
            Volatile.Write(ref ring->Head, head); // gives the places back to the kernel: not before they have been read
        }

        return count;
    }
}
