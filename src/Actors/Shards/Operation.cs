using Akka.Actor;
using AkkaAio.Files;
using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>Where an operation is.</summary>
internal enum Place
{
    /// <summary>In hand: accepted by the call that is running, or by one that threw.</summary>
    InHand,

    /// <summary>Waits behind a SetLength or Allocate of its file, not counted in its lane.</summary>
    Held,

    /// <summary>A write that waits for the file to be made longer.</summary>
    Growing,

    /// <summary>Waits in the <see cref="FairQueue"/> for a slot.</summary>
    Queued,

    /// <summary>Has a slot and its memory; waits for an io_submit.</summary>
    Staged,

    /// <summary>The kernel has it, or keeps its event.</summary>
    InKernel,

    /// <summary>A blocking thread has it.</summary>
    Blocking,
}

/// <summary>
/// One telling of a read or write from its acceptance to its reply, or an fdatasync: the command, its requester, its place, and the memory
/// that the kernel uses, which stays referenced from here until the event has been reaped or the context destroyed. The shard's thread
/// alone; while it is <see cref="Shards.Place.Blocking"/> the blocking thread has it, but for the requester.
/// </summary>
internal sealed class Operation : Accepted
{
    /// <summary>
    /// The most bytes of one kernel operation; longer commands go in parts. The kernel's own limit is 2 GiB minus a page, which is
    /// aligned to nothing but pages.
    /// </summary>
    public const int MaxTransfer = 1 << 30;

    /// <summary>The submitter copies what is cached, at some 10 GB/s: a longer copy would hold up every other operation of its
    /// shard.</summary>
    public const int MaxCachedRead = 64 << 10;

    /// <summary>The command. None of an fdatasync.</summary>
    public Aio.TransferCommand Transfer { get; set; } = null!;

    /// <inheritdoc/>
    public override Aio.FileCommand? Command => Transfer;

    /// <summary>Null: the reply has been given.</summary>
    public IActorRef? Requester { get; set; }

    public FileLane Lane { get; set; } = null!;

    public Place Place { get; set; }

    /// <summary>Index in the context, 0 to depth - 1; below zero: it has none.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>Counted as under way in its lane.</summary>
    public bool IsStarted { get; set; }

    /// <summary>From <see cref="FileLane.Start"/>.</summary>
    public int Epoch { get; set; }

    /// <summary>Stopwatch ticks at which it began to wait for a slot.</summary>
    public long QueuedAt { get; set; }

    /// <summary>Stopwatch ticks at which io_submit was called, or a blocking thread was asked.</summary>
    public long SubmittedAt { get; set; }

    public IoOpcode Opcode { get; set; }

    public RwFlags Flags { get; set; }

    /// <summary>The kernel's memory; the context's reference to it. Null for an fdatasync, and with <see cref="Vector"/>.</summary>
    public AioBuffer? Buffer { get; set; }

    /// <summary>In place of <see cref="Buffer"/>: the buffers of a vectored operation. Null for any other.</summary>
    public VectorMemory? Vector { get; set; }

    /// <summary>With a bounced read into a buffer of the user's: that buffer, held until the copy is done. Null for any other.</summary>
    public AioBuffer? Destination { get; set; }

    /// <summary>As <see cref="Destination"/>, of a bounced vectored read.</summary>
    public VectorMemory? Destinations { get; set; }

    /// <summary>Where the range starts in the buffer.</summary>
    public int BufferStart { get; set; }

    /// <summary>The buffer is ours: what was read is copied to the command's destination, or the data has been copied into it.</summary>
    public bool IsBounce { get; set; }

    /// <summary>File offset of the range, aligned where the file needs it.</summary>
    public long Start { get; set; }

    /// <summary>Bytes before the command's own offset, for alignment.</summary>
    public int Head { get; set; }

    /// <summary>Bytes of the whole range.</summary>
    public int Total { get; set; }

    /// <summary>Bytes of it that are done.</summary>
    public int Done { get; set; }

    /// <summary>Of a read: the file's length before the kernel had it. Zeros behind it may be no data.</summary>
    public long ReadableEnd { get; set; }

    /// <summary>Of a write: <see cref="FileExtent.Cuts"/> before the kernel had it.</summary>
    public int Cuts { get; set; }

    /// <summary>The kernel has done it; a blocking thread must look at the file before it can be answered.</summary>
    public bool MustLook { get; set; }

    /// <summary>That look has been taken.</summary>
    public bool HasLooked { get; set; }

    /// <summary>Of a write: times that the kernel has done a part of it only.</summary>
    public int ShortWrites { get; set; }

    /// <summary>Of a write: what the file was made longer by for it may be unwritten, and then is to be taken back.</summary>
    public bool MayLeaveTail { get; set; }

    public AioFile File => Lane.File;

    public bool IsWrite => Opcode == IoOpcode.Write;

    /// <summary>It waits in a list, without a slot.</summary>
    public bool IsWaiting => Place is Place.Held or Place.Growing or Place.Queued;

    /// <summary>
    /// Stopwatch ticks at which the kernel or a blocking thread got it; null: neither has it. Any thread, while the shard's goes on: the
    /// operation may be over, or be another by now, and then this is what was true of one of them a moment ago. Never too early:
    /// <see cref="SubmittedAt"/> is written before <see cref="Place"/>, and read after it.
    /// </summary>
    public long? InFlightSince
    {
        get
        {
            var place = Place;
            Interlocked.MemoryBarrier(); // the reader pays, which is seldom
            return place is Place.InKernel or Place.Blocking ? SubmittedAt : null;
        }
    }

    /// <summary>The kernel has never had a part of it.</summary>
    public bool IsUntouched => Done == 0 && ShortWrites == 0;

    /// <summary>Of one that the kernel had: a read changes nothing, a write may have been done, whole or in part.</summary>
    public AioOutcome Outcome => IsWrite ? AioOutcome.MayHaveHappened : AioOutcome.NotPerformed;

    /// <summary>Of one that may wait to be submitted once more.</summary>
    public AioOutcome OutcomeBeforeSubmit => IsUntouched ? AioOutcome.NotPerformed : Outcome;

    /// <summary>Bytes that the next kernel operation is asked to move; of a vectored one that is asked already, bytes of this
    /// one.</summary>
    public int NextLength => Vector is null ? Math.Min(Total - Done, MaxTransfer) : Vector.Bytes;

    /// <summary>A write behind the end of a file that cannot be made longer first: it would block inside io_submit.</summary>
    public bool ExtendsByWriting =>
        IsWrite && File.IsDirect && File.Extent.ExtendsByWriting && Transfer.Offset + Transfer.Length > File.Extent.Length;

    /// <summary>The command's, or else the file's. A DataSync has none.</summary>
    public AioPriority Priority =>
        Opcode == IoOpcode.DataSync ? AioPriority.Default
        : Transfer.Priority == AioPriority.Default ? File.Priority
        : Transfer.Priority;

    /// <summary>Whether to look into the page cache first.</summary>
    public bool MayBeCached =>
        Opcode == IoOpcode.Read && Vector is null && Total - Done <= MaxCachedRead && !File.IsDirect && !Transfer.IsLookedFor;

    /// <inheritdoc/>
    public override IActorRef? TakeRequester()
    {
        var requester = Requester;
        Requester = null;
        return requester;
    }

    public IoRequest ToRequest()
    {
        if (Vector is not { } vector)
        {
            return new IoRequest(
                Slot, Opcode, File.Descriptor, Buffer is null ? 0 : Buffer.Address + BufferStart + Done, NextLength, Start + Done, Flags,
                Priority: (ushort)Priority);
        }

        vector.MoveTo(Done);
        return new IoRequest(
            Slot, Opcode, File.Descriptor, vector.Table, vector.Bytes, Start + Done, Flags, vector.Count, (ushort)Priority);
    }

    /// <summary>Gives the references to memory back, when the kernel and the copy after it are done with it.</summary>
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

    /// <summary>For the next command.</summary>
    public void Clear()
    {
        Transfer = null!;
        Requester = null;
        Lane = null!;
        Place = Place.InHand;
        IsStarted = false;
        Done = 0;
        Total = 0;
        ShortWrites = 0;
        MustLook = false;
        HasLooked = false;
        MayLeaveTail = false;
    }
}
