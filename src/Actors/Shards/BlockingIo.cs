using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>Does an operation with pread(2) or pwrite(2), or their vectored kin, on a thread that may block.</summary>
internal static class BlockingIo
{
    /// <summary>Bytes moved, or a negated errno: what an engine would have put into the completion.</summary>
    public static long Run(Operation operation)
    {
        try
        {
            var file = operation.File.Handle;
            if (operation.MustLook)
            {
                if (operation.IsWrite)
                {
                    operation.File.Extent.WrittenAroundCut(file, operation.Transfer.Offset + operation.Transfer.Length);
                    return 0;
                }

                var end = operation.File.Extent.FindReadableEnd(file, operation.ReadableEnd);
                if (end <= operation.ReadableEnd)
                {
                    return 0;
                }

                // Once more: what was read before may be from before those bytes were written.
                operation.ReadableEnd = end;
                operation.Done = 0;
            }

            return operation.IsWrite ? Write(operation, file) : Read(operation, file);
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

    private static long Read(Operation operation, IIoFile file)
    {
        if (operation.Vector is { } vector)
        {
            vector.MoveTo(operation.Done);
            return file.ReadV(vector.Window, operation.Start + operation.Done);
        }

        return file.Read(MemoryOf(operation), operation.Start + operation.Done);
    }

    private static long Write(Operation operation, IIoFile file)
    {
        var extent = operation.File.Extent;
        if (operation.File.IsDirect || !extent.MayBeCutAt(operation.Start + operation.Total))
        {
            return WriteNow(operation, file);
        }

        using (extent.BetweenCuts())
        {
            return WriteNow(operation, file);
        }
    }

    private static long WriteNow(Operation operation, IIoFile file)
    {
        var dataSync = operation.Flags.HasFlag(RwFlags.DSync);
        if (operation.Vector is { } vector)
        {
            vector.MoveTo(operation.Done);
            return file.WriteV(vector.Window, operation.Start + operation.Done, dataSync);
        }

        return file.Write(MemoryOf(operation), operation.Start + operation.Done, dataSync);
    }

    private static Span<byte> MemoryOf(Operation operation) =>
        operation.Buffer!.UncheckedSpan(operation.BufferStart + operation.Done, operation.NextLength);
}
