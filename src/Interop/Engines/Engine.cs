using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Interop.Engines;

/// <summary>
/// The kernel interface behind the contexts, and the files that they work on. With this file and IIoFile a shard knows an engine.
/// </summary>
internal interface IIoEngine
{
    /// <summary>The name that <c>akka.io.aio.engine</c> selects it by.</summary>
    string Name { get; }

    /// <summary>
    /// Whether buffered files may be submitted to its contexts without blocking the submitter; otherwise their I/O belongs to the
    /// blocking calls of <see cref="IIoFile"/>.
    /// </summary>
    bool TakesBuffered => false;

    /// <summary>
    /// Operations in flight that all contexts of this machine may still reserve, as (free, in all); null when the engine knows no such
    /// limit. For Linux AIO what <c>fs.aio-nr</c> leaves of <c>fs.aio-max-nr</c>.
    /// </summary>
    (long Free, long Max)? Capacity { get; }

    /// <summary>What one context reserves of <see cref="Capacity"/> for a given depth.</summary>
    long CapacityOf(int depth);

    /// <summary>
    /// Asks this machine, by a probe that leaves nothing behind, whether contexts can be had. A limit that is reached just now is no
    /// reason: it passes. Blocks for some milliseconds.
    /// </summary>
    /// <returns>Null when usable, otherwise the reason in words with the remedy.</returns>
    string? WhyUnavailable() => null;

    /// <summary>Opens a context.</summary>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    IIoContext CreateContext(int depth);

    /// <summary>Opens a file; blocks like any open(2).</summary>
    /// <exception cref="AioException">The file cannot be opened as asked.</exception>
    IIoFile Open(string path, IoFileOptions options);

    /// <summary>The names of its files.</summary>
    IFileNames Names => FileSystemNames.Instance;
}

/// <summary>
/// One queue to the kernel: operations go in on one thread and come out on another. An engine is a class that makes these.
/// </summary>
/// <remarks>
/// <see cref="Submit"/> is called by one thread at a time, <see cref="Reap"/> by one thread at a time, both at once;
/// <see cref="Wake"/> by any. Nobody submits, reaps or wakes once <see cref="IDisposable.Dispose"/> has been called: stop the reaper
/// first.
/// </remarks>
internal interface IIoContext : IDisposable
{
    /// <summary>Operations that may be in flight at once. The caller keeps to it; slots are numbered 0 to Depth - 1.</summary>
    int Depth { get; }

    /// <summary>Puts requests in flight, in one system call where the engine has one. Does not wait for their completion.</summary>
    /// <returns>How many were accepted; call again with the rest.</returns>
    IoSubmitResult Submit(ReadOnlySpan<IoRequest> requests);

    /// <summary>
    /// Takes completions out, waiting until <paramref name="minNr"/> are there, the time is over, a signal came or
    /// <see cref="Wake"/> was called.
    /// </summary>
    /// <param name="completions">Receives them; its length is the most that one call takes out.</param>
    /// <param name="minNr">0 polls. Never more than what is in flight, or the wait is for the time-out.</param>
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <returns>Completions written, 0 to the span's length.</returns>
    int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout);

    /// <summary>Ends the <see cref="Reap"/> that is waiting, or the next one, at once.</summary>
    void Wake();

    /// <summary>
    /// For <c>reap.wait = epoll</c>: from now on each completion that can be taken out has been followed by a signal. Called once, before
    /// the first <see cref="Submit"/>; the eventfd outlives the context.
    /// </summary>
    /// <exception cref="AioContextException">The kernel refuses.</exception>
    void SignalTo(EventFd completed);
}

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
/// <param name="Vectors">
/// How many <see cref="IoVec"/>s are at <see cref="Buffer"/>, <see cref="IoVec.MaxCount"/> at most: preadv(2), pwritev(2). Array and
/// memory stay valid until the completion. 0 for one piece of memory.
/// </param>
/// <param name="Priority">Of a read or write, as ioprio_set(2) has it: the class in the upper 3 bits. 0: the process's.</param>
internal readonly record struct IoRequest(
    int Slot, IoOpcode Opcode, int Descriptor, nint Buffer, int Length, long Offset, RwFlags Flags = RwFlags.None,
    ushort Vectors = 0, ushort Priority = 0)
{
    /// <summary>
    /// What io_submit refuses and other interfaces take for something else: an offset of -1 is the file's position to them, a negative
    /// length 2 GiB and more, and the range of an fsync a part of the file.
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
/// <param name="Accepted">How many requests, from the first on, are in flight; the others have not been touched.</param>
/// <param name="Error">
/// Why none was accepted. It concerns the first request alone, or, for EAGAIN, EINTR and ENOMEM, nothing but the moment.
/// <see cref="Errno.None"/> when some were accepted, and also with <c>Accepted = 0</c> when the kernel just took none.
/// </param>
internal readonly record struct IoSubmitResult(int Accepted, Errno Error);
