namespace AkkaAio.Shards;

/// <summary>
/// The memory of vectored commands: the user's buffers where all of them are aligned, otherwise one buffer of the pool in place of all.
/// Then it is an operation like any other.
/// </summary>
internal static class VectoredMemory
{
    /// <summary>As <see cref="OperationMemory.Prepare"/>.</summary>
    public static AioException? PrepareReadV(Operation operation, Aio.ReadV read, AioBufferPool pool)
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
            return UseVector(operation, read, vector, pool);
        }

        operation.Destinations = vector; // until the copy is done
        operation.IsBounce = true;
        return OperationMemory.PrepareBounceRead(operation, read, pool);
    }

    /// <summary>As <see cref="OperationMemory.Prepare"/>.</summary>
    public static AioException? PrepareWriteV(Operation operation, Aio.WriteV write, AioBufferPool pool)
    {
        operation.Flags = OperationMemory.FlagsOf(write.Durability);
        var vector = new VectorMemory(write, write.Data.Length);
        foreach (var part in write.Data.Span)
        {
            if (!vector.TryAdd(part))
            {
                vector.Release();
                return new AioBufferDisposedException(write.Name, write.File.Path);
            }
        }

        if (!OperationMemory.IsAlignedRange(write))
        {
            vector.Release();
            return OperationMemory.Misaligned(write);
        }

        return vector.IsAligned ? UseVector(operation, write, vector, pool) : Gather(operation, write, vector, pool);
    }

    private static AioBufferBudgetException? UseVector(
        Operation operation, Aio.TransferCommand command, VectorMemory vector, AioBufferPool pool)
    {
        operation.Start = command.Offset;
        operation.Total = command.Length;
        operation.Vector = vector; // its failure gives the references back
        return vector.TryRentTable(pool) ? null : OperationMemory.NoBudget(vector.TableSize, pool);
    }

    private static AioException? Gather(Operation operation, Aio.WriteV write, VectorMemory vector, AioBufferPool pool)
    {
        operation.Start = write.Offset;
        operation.Total = write.Length;
        try
        {
            operation.Buffer = pool.TryRent(write.Length, write);
            if (operation.Buffer is null)
            {
                return OperationMemory.NoBudget(write.Length, pool);
            }

            var at = 0;
            foreach (var part in write.Data.Span)
            {
                part.Span.CopyTo(operation.Buffer.UncheckedSpan(at, part.Length));
                at += part.Length;
            }

            operation.IsBounce = true;
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
