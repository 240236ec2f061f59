using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.PosixAio;

// glibc has no vectored operation. So one buffer follows the other in the slot's control block: the reaper takes the result of one out
// and starts the next. Not all at once, since of what lies behind a short transfer nothing may be moved; and not copied through one
// buffer, as that would be memory of the engine's own, beside the pool's budget.
internal sealed unsafe partial class PosixAioContext
{
    private Aiocb PrepareVectored(in IoRequest request)
    {
        _vectored[request.Slot] = new Vectored
        {
            Next = (IoVec*)request.Buffer + 1,
            Left = request.Vectors - 1,
            Writes = request.Opcode == IoOpcode.Write,
            Syncs = request is { Opcode: IoOpcode.Write, Flags: RwFlags.DSync },
        };
        var first = request.GetVectors()[0];
        return Aiocb.Prep(request.Descriptor, first.Base, (int)first.Length, request.Offset);
    }

    /// <param name="slot">Of a vectored operation, one buffer of which is done.</param>
    /// <param name="result">Bytes of this buffer; receives those of all, or a negated errno, when there is nothing more to do.</param>
    /// <returns>True when the next buffer, or the sync after the last, is in flight.</returns>
    private bool TryGoOn(int slot, ref long result)
    {
        ref var vectored = ref _vectored[slot];
        var block = _blocks + slot;
        while (true)
        {
            vectored.Done += result;
            if (vectored.Left == 0 || result < block->Length)
            {
                break; // short: the rest is the caller's, who is told how much was moved
            }

            var next = *vectored.Next++;
            vectored.Left--;
            *block = Aiocb.Prep(block->Descriptor, next.Base, (int)next.Length, block->Offset + (long)block->Length);
            if ((vectored.Writes ? _library.Write((nint)block) : _library.Read((nint)block)) == 0)
            {
                return true;
            }

            // glibc has no memory for it: better a reaper that blocks than an error that is none.
            result = Perform(*block, vectored.Writes);
            if (result < 0)
            {
                return false;
            }
        }

        result = vectored.Done;
        if (!vectored.Syncs)
        {
            return false;
        }

        _written[slot] = (nint)result;
        return TrySync(slot, ref result);
    }

    private static long Perform(in Aiocb block, bool writes)
    {
        var memory = new Span<byte>((void*)block.Buffer, (int)block.Length);
        var errno = writes
            ? FileSyscalls.Write(block.Descriptor, memory, block.Offset, RwFlags.None, out var count)
            : FileSyscalls.Read(block.Descriptor, memory, block.Offset, out count);
        return errno == Errno.None ? count : -(long)errno;
    }

    /// <summary>How far a slot's vectored operation has come.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Vectored
    {
        public IoVec* Next;
        public int Left;
        public bool Writes;
        public bool Syncs;
        public long Done;
    }
}
