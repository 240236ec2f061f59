using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>Does a slot's operation with pread(2) or pwrite(2), or their vectored kin, on a thread that may block.</summary>
internal static class BlockingIo
{
    /// <summary>Bytes moved, or a negated errno: what an engine would have put into the completion.</summary>
    public static long Run(Slot slot)
    {
        try
        {
            var file = slot.Lane.File.Handle;
            if (slot.MustLook)
            {
                if (slot.IsWrite)
                {
                    slot.Lane.File.Extent.WrittenAroundCut(file, slot.Command!.Offset + slot.Command.Length);
                    return 0;
                }

                var end = slot.Lane.File.Extent.FindReadableEnd(file, slot.ReadableEnd);
                if (end <= slot.ReadableEnd)
                {
                    return 0;
                }

                // Once more: what was read before may be from before those bytes were written.
                slot.ReadableEnd = end;
                slot.Done = 0;
            }

            return slot.IsWrite ? Write(slot, file) : Read(slot, file);
        }
        catch (AioSystemException e)
        {
            return -(long)e.Errno;
        }
        catch (ObjectDisposedException)
        {
            return -(long)Errno.EBADF;
        }
        catch (Exception) // without a result its command would have no reply
        {
            return -(long)Errno.EIO;
        }
    }

    private static long Read(Slot slot, IIoFile file)
    {
        if (slot.Vector is { } vector)
        {
            vector.MoveTo(slot.Done);
            return file.ReadV(vector.Window, slot.Start + slot.Done);
        }

        return file.Read(MemoryOf(slot), slot.Start + slot.Done);
    }

    private static long Write(Slot slot, IIoFile file)
    {
        var extent = slot.Lane.File.Extent;
        if (slot.Lane.File.IsDirect || !extent.MayBeCutAt(slot.Start + slot.Total))
        {
            return WriteNow(slot, file);
        }

        using (extent.BetweenCuts())
        {
            return WriteNow(slot, file);
        }
    }

    private static long WriteNow(Slot slot, IIoFile file)
    {
        var dataSync = slot.Flags.HasFlag(RwFlags.DSync);
        if (slot.Vector is { } vector)
        {
            vector.MoveTo(slot.Done);
            return file.WriteV(vector.Window, slot.Start + slot.Done, dataSync);
        }

        return file.Write(MemoryOf(slot), slot.Start + slot.Done, dataSync);
    }

    private static Span<byte> MemoryOf(Slot slot) => slot.Buffer!.UncheckedSpan(slot.BufferStart + slot.Done, slot.NextLength);
}
