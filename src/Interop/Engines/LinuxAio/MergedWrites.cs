using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines.LinuxAio;

/// <summary>
/// Neighbouring writes in one <c>IOCB_CMD_PWRITEV</c>. Measured on ext4: 64 KiB writes into allocated, unwritten blocks reach half of
/// what overwriting does, since each is made part of the file by a transaction of its own; in larger pieces most of it.
/// </summary>
internal sealed unsafe class MergedWrites(int depth) : IDisposable
{
    // With 1 MiB all of 16 records of 64 KiB go at once, and the device idles until the next are told; measured: 512 KiB is the best.
    private const int MaxBytes = 512 << 10;

    // One for each request of a batch; the kernel copies them during io_submit.
    private readonly IoVec* _vectors = (IoVec*)NativeMemory.Alloc((nuint)depth, (nuint)sizeof(IoVec));

    // By slot: which one follows in the same operation, and how long this one is. Written before the submit, read after the completion.
    private readonly int[] _next = new int[depth];
    private readonly int[] _length = new int[depth];

    /// <summary>How many of the first requests can go in one operation; 1 for no merging.</summary>
    public static int CountAtStart(ReadOnlySpan<IoRequest> requests)
    {
        ref readonly var first = ref requests[0];
        if (!first.MayMerge || first.Vectors > 0)
        {
            return 1;
        }

        var count = 1;
        var bytes = (long)first.Length;
        while (count < Math.Min(requests.Length, IoVec.MaxCount) && requests[count] is var next && next.MayMerge && next.Vectors == 0 &&
               next.Descriptor == first.Descriptor && next.Flags == first.Flags && next.Offset == first.Offset + bytes &&
               bytes + next.Length <= MaxBytes)
        {
            bytes += next.Length;
            count++;
        }

        return count;
    }

    /// <summary>One request for all of them, in the slot of the first.</summary>
    /// <param name="requests">What <see cref="CountAtStart"/> counted.</param>
    /// <param name="index">Where they start in the batch.</param>
    public Iocb Prepare(ReadOnlySpan<IoRequest> requests, int index)
    {
        for (var i = 0; i < requests.Length; i++)
        {
            ref readonly var request = ref requests[i];
            _vectors[index + i] = new IoVec(request.Buffer, request.Length);
            _next[request.Slot] = i + 1 < requests.Length ? requests[i + 1].Slot : -1;
            _length[request.Slot] = request.Length;
        }

        return Iocb.Prep(
            IocbCmd.PWriteV, requests[0].Descriptor, (nint)(_vectors + index), (ulong)requests.Length, requests[0].Offset);
    }

    /// <summary>
    /// The completions of the requests in one operation. After an error each has a result of 0, since it was perhaps another's: done
    /// again alone, each gets its own.
    /// </summary>
    public void Complete(int firstSlot, long result, Queue<IoCompletion> completions)
    {
        var left = Math.Max(0, result);
        for (var slot = firstSlot; slot >= 0; slot = _next[slot])
        {
            var part = Math.Min(left, _length[slot]);
            left -= part;
            completions.Enqueue(new IoCompletion(slot, part));
        }
    }

    public void Dispose() => NativeMemory.Free(_vectors);
}
