using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// Finds or makes the memory that the kernel will use for a command: the user's own buffer where it is aligned, a buffer of the pool
/// else. From here on the slot holds a reference to it.
/// </summary>
internal static partial class Preparation
{
    /// <summary>Fills the slot's request; returns why it cannot be, and then <see cref="Slot.ReleaseMemory"/> is due.</summary>
    public static Exception? Prepare(Slot slot, AioBufferPool pool)
    {
        slot.Opcode = slot.Command!.IsWrite ? IoOpcode.Write : IoOpcode.Read;
        slot.Flags = RwFlags.None;
        slot.Head = 0;
        slot.BufferStart = 0;
        slot.IsBounce = false;
        slot.Done = 0;
        slot.ShortWrites = 0;
        slot.ReadableEnd = slot.Command.File.Extent.Length;
        slot.Cuts = slot.Command.File.Extent.Cuts;
        return slot.Command switch
        {
            Aio.ReadInto read => PrepareReadInto(slot, read, pool),
            Aio.Write write => PrepareWrite(slot, write, pool),
            Aio.Read read => PrepareBounceRead(slot, read, pool),
            Aio.ReadV read => PrepareReadV(slot, read, pool),
            Aio.WriteV write => PrepareWriteV(slot, write, pool),
            _ => new InvalidOperationException($"no such command: {slot.Command}"),
        };
    }

    /// <summary>Why a write that needs a longer file cannot be, as far as that can be said without taking its memory; null: it may be.</summary>
    public static AioException? RefusalBeforeGrowth(Aio.TransferCommand write, AioBufferPool pool)
    {
        var alignment = write.File.OffsetAlignment;
        if (write.Offset % alignment != 0 || write.Length % alignment != 0)
        {
            return Misaligned(write);
        }

        return write.Length > pool.BudgetBytes && write is Aio.Write { Data: var data } &&
               !MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(data, out _, out _, out _)
            ? NoBudget(write.Length, pool)
            : null;
    }

    private static AioAlignmentException Misaligned(Aio.TransferCommand write)
    {
        var first = write is Aio.WriteV vectored ? vectored.Data.Span[0] : ((Aio.Write)write).Data;
        var address = MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(first, out var buffer, out var start, out _)
            ? buffer.Address + start
            : 0;
        return new AioAlignmentException(
            write.Name, write.File.Path, write.Offset, write.Length, address, write.File.OffsetAlignment, write.File.MemoryAlignment);
    }

    // Widened to what direct I/O needs, and cut again at completion.
    private static AioBufferBudgetException? PrepareBounceRead(Slot slot, Aio.TransferCommand read, AioBufferPool pool)
    {
        var alignment = read.File.OffsetAlignment;
        var start = read.Offset - (read.Offset % alignment);
        var end = read.Offset + read.Length;
        var rest = end % alignment;
        var total = (int)((rest == 0 ? end : end + alignment - rest) - start);
        slot.Start = start;
        slot.Head = (int)(read.Offset - start);
        slot.Total = total;
        slot.Buffer = pool.TryRent(total, read);
        return slot.Buffer is null ? NoBudget(total, pool) : null;
    }

    private static AioException? PrepareReadInto(Slot slot, Aio.ReadInto read, AioBufferPool pool)
    {
        slot.Start = read.Offset;
        slot.Total = read.Length;
        if (MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(read.Destination, out var buffer, out var start, out _))
        {
            if (!buffer.TryAddReference())
            {
                return new AioBufferDisposedException(read.Name, read.File.Path);
            }

            if (IsAligned(read, buffer, start))
            {
                slot.Buffer = buffer;
                slot.BufferStart = start;
                return null;
            }

            slot.Destination = buffer; // until the copy is done
        }

        slot.IsBounce = true;
        return PrepareBounceRead(slot, read, pool);
    }

    private static AioException? PrepareWrite(Slot slot, Aio.Write write, AioBufferPool pool)
    {
        slot.Flags = FlagsOf(write.Durability);
        slot.Start = write.Offset;
        slot.Total = write.Length;
        var isAioBuffer = MemoryMarshal.TryGetMemoryManager<byte, AioBuffer>(write.Data, out var buffer, out var start, out _);
        if (isAioBuffer && !buffer!.TryAddReference())
        {
            return new AioBufferDisposedException(write.Name, write.File.Path);
        }

        var alignment = write.File.OffsetAlignment;
        if (write.Offset % alignment != 0 || write.Length % alignment != 0)
        {
            var address = isAioBuffer ? buffer!.Address + start : 0;
            buffer?.Release();
            return new AioAlignmentException(
                write.Name, write.File.Path, write.Offset, write.Length, address, alignment, write.File.MemoryAlignment);
        }

        if (isAioBuffer && IsAligned(write, buffer!, start))
        {
            slot.Buffer = buffer;
            slot.BufferStart = start;
            return null;
        }

        return CopyForWrite(slot, write, pool, buffer);
    }

    private static AioException? CopyForWrite(Slot slot, Aio.Write write, AioBufferPool pool, AioBuffer? unaligned)
    {
        try
        {
            slot.Buffer = pool.TryRent(write.Length, write);
            if (slot.Buffer is null)
            {
                return NoBudget(write.Length, pool);
            }

            write.Data.Span.CopyTo(slot.Buffer.UncheckedSpan(0, write.Length));
            slot.IsBounce = true;
            return null;
        }
        catch (Exception e) // the data's own code: disposed, or a MemoryManager of the user's that throws
        {
            return new AioBufferDisposedException(write.Name, write.File.Path, e); // Settlement.Fail gives the copy's buffer back
        }
        finally
        {
            unaligned?.Release();
        }
    }

    private static RwFlags FlagsOf(AioDurability durability) =>
        durability == AioDurability.Dsync ? RwFlags.DSync : RwFlags.None;

    private static bool IsAligned(Aio.TransferCommand command, AioBuffer buffer, int start) =>
        command.Offset % command.File.OffsetAlignment == 0 && command.Length % command.File.OffsetAlignment == 0 &&
        (buffer.Address + start) % command.File.MemoryAlignment == 0;

    /// <summary>The error for a buffer that the pool does not give.</summary>
    public static AioBufferBudgetException NoBudget(int bytes, AioBufferPool pool) =>
        new(bytes, pool.AllocatedBytes, pool.BudgetBytes);
}
