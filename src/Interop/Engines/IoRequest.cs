using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines;

/// <summary>What an engine can do in the background.</summary>
internal enum IoOpcode
{
    /// <summary>Read into the buffer.</summary>
    Read,

    /// <summary>Write from the buffer.</summary>
    Write,

    /// <summary>fdatasync: what was written before it is on stable storage when it completes.</summary>
    DataSync,
}

/// <summary>
/// One operation for <see cref="IIoContext.Submit"/>. The memory at <see cref="Buffer"/> must stay valid until the completion with the
/// same <see cref="Slot"/> has been reaped or the context has been disposed.
/// </summary>
/// <param name="Slot">0 to depth - 1, unused by any operation in flight; comes back in <see cref="IoCompletion.Slot"/>.</param>
/// <param name="Opcode">What to do.</param>
/// <param name="Descriptor">The file, as <see cref="IIoFile.Descriptor"/> has it.</param>
/// <param name="Buffer">Address of the memory to read into or write from; of the <see cref="IoVec"/>s with <see cref="Vectors"/>.</param>
/// <param name="Length">Bytes; with <see cref="Vectors"/> the sum of theirs.</param>
/// <param name="Offset">Byte offset in the file.</param>
/// <param name="Flags">Flags of preadv2(2) and pwritev2(2).</param>
/// <param name="MayMerge">
/// The engine may do this write in one operation with the next one, where that begins at its end. Where the merged operation does not
/// go through, each completes with a result of 0: submit it again, alone.
/// </param>
/// <param name="MayBeCached">
/// A hint on a read of a buffered file: where the page cache has all of it, the submitter may copy it at once. Unlike
/// <see cref="RwFlags.NoWait"/> a miss is no EAGAIN: the read goes on as any other.
/// </param>
/// <param name="Vectors">
/// How many <see cref="IoVec"/>s are at <see cref="Buffer"/>, <see cref="IoVec.MaxCount"/> at most: preadv(2), pwritev(2). Array and
/// memory stay valid until the completion. 0 for one piece of memory. Such a request is never merged and never read ahead of the others.
/// </param>
internal readonly record struct IoRequest(
    int Slot, IoOpcode Opcode, int Descriptor, nint Buffer, int Length, long Offset, RwFlags Flags = RwFlags.None,
    bool MayMerge = false, bool MayBeCached = false, ushort Vectors = 0)
{
    /// <summary>
    /// What io_submit refuses and other interfaces take for something else: an offset of -1 is the file's position to them, a negative length
    /// 2 GiB and more, and the range of an fsync a part of the file.
    /// </summary>
    internal bool IsPossible => Opcode == IoOpcode.DataSync
        ? this is { Buffer: 0, Length: 0, Offset: 0, Flags: RwFlags.None, Vectors: 0 }
        : this is { Offset: >= 0, Length: >= 0, Vectors: <= IoVec.MaxCount };

    /// <summary>The buffers of a vectored request; none of any other. Readable until its completion.</summary>
    public unsafe ReadOnlySpan<IoVec> GetVectors() => new((void*)Buffer, Vectors);
}

/// <summary>One completion.</summary>
/// <param name="Slot">The slot of the request.</param>
/// <param name="Result">Bytes transferred, or a negated errno.</param>
internal readonly record struct IoCompletion(int Slot, long Result)
{
    /// <summary>The errno of a failed operation; <see cref="Errno.None"/> of one that succeeded.</summary>
    public Errno Error => Result < 0 ? (Errno)(-Result) : Errno.None;
}

/// <summary>What <see cref="IIoContext.Submit"/> did.</summary>
/// <param name="Accepted">The first so many requests are in flight; the others have not been touched.</param>
/// <param name="Error">
/// Why none was accepted. It concerns the first request alone, or, for EAGAIN, EINTR and ENOMEM, nothing but the moment.
/// <see cref="Errno.None"/> when some were accepted, and also with <c>Accepted = 0</c> when the kernel just took none.
/// </param>
internal readonly record struct IoSubmitResult(int Accepted, Errno Error);
