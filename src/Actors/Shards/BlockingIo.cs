using AkkaAio.Interop.Abi;

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

            if (slot.Vector is { } vector)
            {
                vector.MoveTo(slot.Done);
                return slot.IsWrite
                    ? file.WriteV(vector.Window, slot.Start + slot.Done, slot.Flags.HasFlag(RwFlags.DSync))
                    : file.ReadV(vector.Window, slot.Start + slot.Done);
            }

            var memory = slot.Buffer!.UncheckedSpan(slot.BufferStart + slot.Done, slot.NextLength);
            return slot.IsWrite
                ? file.Write(memory, slot.Start + slot.Done, slot.Flags.HasFlag(RwFlags.DSync))
                : file.Read(memory, slot.Start + slot.Done);
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
}
