using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Shards;

/// <summary>
/// Finds or makes the memory that the kernel will use for a command: the user's own buffer where it is aligned, otherwise a buffer of the
/// pool. From here on the operation holds a reference to it. <see cref="VectoredMemory"/> does so for many buffers.
/// </summary>
internal static class OperationMemory
{
    /// <summary>Fills the operation's request; returns why it cannot be, and then <see cref="Operation.ReleaseMemory"/> is due.</summary>
    public static Exception? Prepare(Operation operation, AioBufferPool pool)
    {
        var command = operation.Transfer;
        var extent = operation.File.Extent;
        operation.Flags = RwFlags.None;
        operation.Head = 0;
        operation.BufferStart = 0;
        operation.IsBounce = false;
        operation.Done = 0;
        operation.ShortWrites = 0;
        operation.ReadableEnd = extent.Length;
        operation.Cuts = extent.Cuts;
        return command switch
        {
            Aio.ReadInto read => PrepareReadInto(operation, read, pool),
            Aio.Write write => PrepareWrite(operation, write, pool),
            Aio.RentRead read => PrepareBounceRead(operation, read, pool),
            Aio.ReadV read => VectoredMemory.PrepareReadV(operation, read, pool),
            Aio.WriteV write => VectoredMemory.PrepareWriteV(operation, write, pool),
            _ => new InvalidOperationException($"no such command: {command}"),
        };
    }

    /// <summary>Why a write that needs a longer file cannot be, as far as that can be said without taking its memory; null: it may
    /// be.</summary>
    public static AioException? RefusalBeforeGrowth(Aio.TransferCommand write, AioBufferPool pool)
    {
        if (!IsAlignedRange(write))
        {
            return Misaligned(write);
        }

        return write.Length > pool.BudgetBytes && write is Aio.Write { Data: var data } &&
               !MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(data, out _, out _, out _)
            ? NoBudget(write.Length, pool)
            : null;
    }

    /// <summary>The error for a write that direct I/O cannot do.</summary>
    public static AioAlignmentException Misaligned(Aio.TransferCommand write)
    {
        var first = write is Aio.WriteV vectored ? vectored.Data.Span[0] : ((Aio.Write)write).Data;
        var address = MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(first, out var buffer, out var start, out _)
            ? buffer.Address + start
            : 0;
        return new AioAlignmentException(
            write.Name, write.File.Path, write.Offset, write.Length, address, write.File.OffsetAlignment, write.File.MemoryAlignment);
    }

    /// <summary>Widened to what direct I/O needs, and cut again at completion.</summary>
    public static AioBufferBudgetException? PrepareBounceRead(Operation operation, Aio.TransferCommand read, AioBufferPool pool)
    {
        var alignment = read.File.OffsetAlignment;
        var start = read.Offset - (read.Offset % alignment);
        var end = read.Offset + read.Length;
        var rest = end % alignment;
        var total = (int)((rest == 0 ? end : end + alignment - rest) - start);
        operation.Start = start;
        operation.Head = (int)(read.Offset - start);
        operation.Total = total;
        operation.Buffer = pool.TryRent(total, read);
        return operation.Buffer is null ? NoBudget(total, pool) : null;
    }

    private static AioException? PrepareReadInto(Operation operation, Aio.ReadInto read, AioBufferPool pool)
    {
        operation.Start = read.Offset;
        operation.Total = read.Length;
        if (MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(read.Destination, out var buffer, out var start, out _))
        {
            if (!buffer.TryAddReference())
            {
                return new AioBufferDisposedException(read.Name, read.File.Path);
            }

            if (IsAligned(read, buffer, start))
            {
                operation.Buffer = buffer;
                operation.BufferStart = start;
                return null;
            }

            operation.Destination = buffer; // until the copy is done
        }

        operation.IsBounce = true;
        return PrepareBounceRead(operation, read, pool);
    }

    private static AioException? PrepareWrite(Operation operation, Aio.Write write, AioBufferPool pool)
    {
        operation.Flags = FlagsOf(write.Durability);
        operation.Start = write.Offset;
        operation.Total = write.Length;
        var isAioBuffer = MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(write.Data, out var buffer, out var start, out _);
        if (isAioBuffer && !buffer!.TryAddReference())
        {
            return new AioBufferDisposedException(write.Name, write.File.Path);
        }

        if (!IsAlignedRange(write))
        {
            buffer?.Release();
            return Misaligned(write);
        }

        if (isAioBuffer && IsAligned(write, buffer!, start))
        {
            operation.Buffer = buffer;
            operation.BufferStart = start;
            return null;
        }

        return CopyForWrite(operation, write, pool, buffer);
    }

    private static AioException? CopyForWrite(Operation operation, Aio.Write write, AioBufferPool pool, AioBuffer? unaligned)
    {
        try
        {
            operation.Buffer = pool.TryRent(write.Length, write);
            if (operation.Buffer is null)
            {
                return NoBudget(write.Length, pool);
            }

            write.Data.Span.CopyTo(operation.Buffer.UncheckedSpan(0, write.Length));
            operation.IsBounce = true;
            return null;
        }
        catch (Exception e) // the data's own code: disposed, or a MemoryManager of the user's that throws
        {
            return new AioBufferDisposedException(write.Name, write.File.Path, e); // its failure gives the copy's buffer back
        }
        finally
        {
            unaligned?.Release();
        }
    }

    /// <summary>The flags of a write.</summary>
    public static RwFlags FlagsOf(AioDurability durability) =>
        durability == AioDurability.Dsync ? RwFlags.DSync : RwFlags.None;

    /// <summary>Whether the range is what direct I/O can do.</summary>
    public static bool IsAlignedRange(Aio.TransferCommand command)
    {
        var alignment = command.File.OffsetAlignment;
        return command.Offset % alignment == 0 && command.Length % alignment == 0;
    }

    private static bool IsAligned(Aio.TransferCommand command, AioBuffer buffer, int start) =>
        IsAlignedRange(command) && (buffer.Address + start) % command.File.MemoryAlignment == 0;

    /// <summary>The error for a buffer that the pool does not give.</summary>
    public static AioBufferBudgetException NoBudget(int bytes, AioBufferPool pool) =>
        new(bytes, pool.AllocatedBytes, pool.BudgetBytes);
}
