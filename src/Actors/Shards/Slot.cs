using Akka.Actor;
using AkkaAio.Files;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>Who may touch a slot.</summary>
internal enum SlotState
{
    /// <summary>Nobody's operation.</summary>
    Free,

    /// <summary>The shard's: prepared, not yet submitted.</summary>
    Staged,

    /// <summary>The reaper's: the kernel has it.</summary>
    InFlight,

    /// <summary>The reaper's until the shard takes up its message: a part is done, the rest is to be submitted again.</summary>
    Continuing,

    /// <summary>The shard's: a thread of the blocking dispatcher is doing it.</summary>
    Blocking,
}

/// <summary>
/// One operation that a context may have in flight: command, requester, and the memory that the kernel uses, which stays referenced from
/// here until the event has been reaped or the context destroyed.
/// </summary>
internal sealed class Slot(int index)
{
    /// <summary>
    /// The most bytes of one kernel operation; longer commands go in parts. The kernel's own limit is 2 GiB minus a page, which is
    /// aligned to nothing but pages.
    /// </summary>
    public const int MaxTransfer = 1 << 30;

    // The submitter copies what is cached, at some 10 GB/s: a longer copy would hold up every other operation of its shard.
    public const int MaxCachedRead = 64 << 10;

    private IActorRef? _requester;

    public int Index => index;

    public SlotState State;

    /// <summary>Null for the fdatasync of a file's flushes.</summary>
    public Aio.TransferCommand? Command;

    public FileLane Lane = null!;

    /// <summary>From <see cref="FileLane.Start"/>.</summary>
    public int Epoch;

    public IoOpcode Opcode;
    public RwFlags Flags;

    /// <summary>The kernel's memory; the context's reference to it. Null for an fdatasync, and with <see cref="Vector"/>.</summary>
    public AioBuffer? Buffer;

    /// <summary>In place of <see cref="Buffer"/>: the buffers of a vectored operation. Null for any other.</summary>
    public VectorMemory? Vector;

    /// <summary>
    /// With a bounced read into a buffer of the user's: that buffer, held until the copy is done. Null for any other.
    /// </summary>
    public AioBuffer? Destination;

    /// <summary>As <see cref="Destination"/>, of a bounced vectored read.</summary>
    public VectorMemory? Destinations;

    /// <summary>Where the range starts in the buffer.</summary>
    public int BufferStart;

    /// <summary>The buffer is ours: what was read is copied to the command's destination, or the data has been copied into it.</summary>
    public bool IsBounce;

    /// <summary>File offset of the range, aligned where the file needs it.</summary>
    public long Start;

    /// <summary>Bytes before the command's own offset, for alignment.</summary>
    public int Head;

    /// <summary>Bytes of the whole range.</summary>
    public int Total;

    /// <summary>Bytes of it that are done.</summary>
    public int Done;

    /// <summary>Of a read: the file's length before the kernel had it. Zeros behind it may be no data.</summary>
    public long ReadableEnd;

    /// <summary>Of a write: <see cref="FileExtent.Cuts"/> before the kernel had it.</summary>
    public int Cuts;

    /// <summary>The kernel has done it; a blocking thread must look at the file before it can be answered.</summary>
    public bool MustLook;

    /// <summary>That look has been taken.</summary>
    public bool HasLooked;

    /// <summary>Stopwatch ticks at the io_submit call.</summary>
    public long SubmittedAt;

    /// <summary>Short writes so far.</summary>
    public int ShortWrites;

    public bool IsWrite => Opcode == IoOpcode.Write;

    /// <summary>Whether this very command has not been answered yet. For Cancel, which runs beside the reaper.</summary>
    public IActorRef? Requester
    {
        get => Volatile.Read(ref _requester);
        set => _requester = value;
    }

    /// <summary>Bytes that the next kernel operation is asked to move; of a vectored one that is asked already, bytes of this one.</summary>
    public int NextLength => Vector is null ? Math.Min(Total - Done, MaxTransfer) : Vector.Bytes;

    /// <summary>
    /// Whether it is worth waiting for its neighbours. Appending: the file system makes each write into new blocks part of the file by a
    /// transaction of its own. After a short write the operation goes on alone, so that its result is its own.
    /// </summary>
    public bool MayMerge => IsWrite && ShortWrites == 0 && Vector is null && Lane.File.Extent.IsFresh(Start);

    /// <summary>A write behind the end of a file that cannot be made longer first: it would block inside io_submit.</summary>
    public bool ExtendsByWriting => IsWrite && Lane.File.IsDirect && Lane.File.Extent.ExtendsByWriting &&
                                    Command!.Offset + Command.Length > Lane.File.Extent.Length;

    /// <summary>Whether to look into the page cache first, on the submitting thread.</summary>
    public bool MayBeCached => Opcode == IoOpcode.Read && Vector is null && Total - Done <= MaxCachedRead && !Lane.File.IsDirect &&
                               !Command!.IsLookedFor;

    /// <summary>The one who takes the requester replies to it; null: it has been answered.</summary>
    public IActorRef? TakeRequester() => Interlocked.Exchange(ref _requester, null);

    public IoRequest ToRequest() => Vector is null ? ToPlainRequest() : ToVectoredRequest(Vector);

    /// <summary>Gives the slot's references back, when the kernel and the copy after it are done with the memory.</summary>
    public void ReleaseMemory()
    {
        Destination?.Release();
        Destination = null;
        Destinations?.Release();
        Destinations = null;
        Buffer?.Release();
        Buffer = null;
        Vector?.Release();
        Vector = null;
    }

    private IoRequest ToVectoredRequest(VectorMemory vector)
    {
        vector.MoveTo(Done);
        return new IoRequest(
            index, Opcode, Lane.File.Handle.Descriptor, vector.Table, vector.Bytes, Start + Done, Flags, Vectors: vector.Count);
    }

    private IoRequest ToPlainRequest() => new(
        index, Opcode, Lane.File.Handle.Descriptor, Buffer is null ? 0 : Buffer.Address + BufferStart + Done, NextLength,
        Start + Done, Flags, MayMerge, MayBeCached);

    public void Clear()
    {
        State = SlotState.Free;
        Command = null;
        _requester = null;
        Lane = null!;
        Buffer = null;
        Vector = null;
        Destination = null;
        Destinations = null;
        Done = 0;
        Total = 0;
        ShortWrites = 0;
        MustLook = false;
        HasLooked = false;
    }
}
