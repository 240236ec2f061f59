namespace AkkaAio.Shards;

// Vectored commands: the user's buffers where all of them are aligned, one buffer of the pool in place of all else. Then it is an
// operation like any other.
internal static partial class Preparation
{
    private static AioException? PrepareReadV(Slot slot, Aio.ReadV read, AioBufferPool pool)
    {
        var vector = new VectorMemory(read, read.Destinations.Length);
        foreach (var destination in read.Destinations.Span)
        {
            if (!vector.TryAdd(destination))
            {
                vector.Release();
                return new AioBufferDisposedException(read.Name, read.File.Path);
            }
        }

        if (vector.IsAligned && read.Offset % read.File.OffsetAlignment == 0)
        {
            return UseVector(slot, read, vector, pool);
        }

        slot.Destinations = vector; // until the copy is done
        slot.IsBounce = true;
        return PrepareBounceRead(slot, read, pool);
    }

    private static AioException? PrepareWriteV(Slot slot, Aio.WriteV write, AioBufferPool pool)
    {
        slot.Flags = FlagsOf(write.Durability);
        var vector = new VectorMemory(write, write.Data.Length);
        foreach (var part in write.Data.Span)
        {
            if (!vector.TryAdd(part))
            {
                vector.Release();
                return new AioBufferDisposedException(write.Name, write.File.Path);
            }
        }

        var alignment = write.File.OffsetAlignment;
        if (write.Offset % alignment != 0 || write.Length % alignment != 0)
        {
            var address = vector.FirstAddress;
            vector.Release();
            return new AioAlignmentException(
                write.Name, write.File.Path, write.Offset, write.Length, address, alignment, write.File.MemoryAlignment);
        }

        return vector.IsAligned ? UseVector(slot, write, vector, pool) : Gather(slot, write, vector, pool);
    }

    private static AioBufferBudgetException? UseVector(
        Slot slot, Aio.TransferCommand command, VectorMemory vector, AioBufferPool pool)
    {
        slot.Start = command.Offset;
        slot.Total = command.Length;
        slot.Vector = vector; // Settlement.Fail gives the references back
        return vector.TryRentTable(pool) ? null : NoBudget(vector.TableSize, pool);
    }

    private static AioException? Gather(Slot slot, Aio.WriteV write, VectorMemory vector, AioBufferPool pool)
    {
        slot.Start = write.Offset;
        slot.Total = write.Length;
        try
        {
            slot.Buffer = pool.TryRent(write.Length, write);
            if (slot.Buffer is null)
            {
                return NoBudget(write.Length, pool);
            }

            var at = 0;
            foreach (var part in write.Data.Span)
            {
                part.Span.CopyTo(slot.Buffer.UncheckedSpan(at, part.Length));
                at += part.Length;
            }

            slot.IsBounce = true;
            return null;
        }
        catch (Exception e) // the data's own code, as with one buffer
        {
            return new AioBufferDisposedException(write.Name, write.File.Path, e);
        }
        finally
        {
            vector.Release();
        }
    }
}
