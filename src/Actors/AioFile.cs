using Akka.Actor;
using Akka.Util;
using AkkaAio.Files;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Files;
using AkkaAio.Shards;

namespace AkkaAio;

/// <summary>
/// An open file: name it in commands told to <c>system.Aio()</c>, or await its own methods. All members may be used from any thread.
/// Two opens of one file are two files to us: barriers cover the one that they name.
/// </summary>
public sealed partial class AioFile : IAsyncDisposable
{
    private readonly uint _pathHash;
    private int _exclusives;

    internal AioFile(AioExt aio, IIoFile handle, AioOpenOptions options, string openedBy)
    {
        Aio = aio;
        IsOnThreads = aio.IsOnThreads(options);
        Handle = handle;
        Device = handle.Identity.Device;
        Descriptor = handle.Descriptor;
        IsDirect = handle.IsDirect;
        IsBlockDevice = handle.IsBlockDevice;
        OffsetAlignment = handle.OffsetAlignment;
        MemoryAlignment = handle.MemoryAlignment;
        GrowAhead = options.GrowAhead;
        var settings = aio.Settings;
        _pathHash = (uint)MurmurHash.StringHash(handle.Path);
        Priority = options.Priority;
        HomeShard = aio.Shards[options.Shard ?? (int)(_pathHash % (uint)aio.Shards.Length)];
        Lanes = options.Shard is not null || settings.ShardBy == AioShardBy.File
            ? [new FileLane(this, HomeShard)]
            : [.. aio.Shards.Select(shard => new FileLane(this, shard))];
        Open = new OpenFile(aio, this, handle, options, openedBy);
    }

    /// <summary>Nobody holds it any more, and nothing of it is under way: it is closed on a blocking thread, and the log says so.</summary>
    ~AioFile() => Open?.Forgotten(); // null: the constructor has thrown

    /// <summary>The canonical path: absolute, symbolic links resolved.</summary>
    public string Path => Handle.Path;

    /// <summary>
    /// Length in bytes: what it was at Open, moved by the writes, SetLength and Allocate commands that have been answered since, of all
    /// opens of the file in this process. Of a block device, what it is now.
    /// </summary>
    /// <remarks>
    /// On the disk a direct file reaches to the end of the writes that have been accepted, and with
    /// <see cref="AioOpenOptions.GrowAhead"/> further: zeros behind Length, taken back when the file is closed. After a crash they are
    /// still there: docs/appending.md says how to find the last record.
    /// <para>
    /// What another process appends, or an open that is none of AkkaAio's, is read as soon as it is there, but Length need not move with
    /// it: it is looked at by <see cref="RefreshLengthAsync"/> and when the file is opened once more. What another process cuts off is seen
    /// by reads, and here no sooner either.
    /// </para>
    /// </remarks>
    public long Length => IsBlockDevice ? DeviceLength() : Extent.Length;

    /// <summary>What the file was opened for.</summary>
    public FileAccess Access => Handle.Access;

    /// <summary>Whether I/O bypasses the page cache. Where the engine takes no buffered I/O, it runs on the blocking dispatcher.</summary>
    public bool IsDirect { get; }

    /// <summary>Whether this is a raw block device, whose length is fixed.</summary>
    public bool IsBlockDevice { get; }

    /// <summary>What offsets and lengths of writes must be multiples of, in bytes; 1 for buffered files.</summary>
    public int OffsetAlignment { get; }

    /// <summary>What addresses must be multiples of to be written without a copy, in bytes; 1 for buffered files.</summary>
    public int MemoryAlignment { get; }

    /// <summary>
    /// What the device below writes at once, in bytes, at least <see cref="OffsetAlignment"/>; 4096 where nobody can say. A smaller write
    /// makes the device read and rewrite a block: align the records of a log to it.
    /// </summary>
    public int PhysicalBlockSize => Handle.PhysicalBlockSize;

    /// <summary>
    /// The dispatcher that is the thread of the file's shard, which does all of its I/O, or with <c>shard-by = stripe</c> its barriers: see
    /// <see cref="AioExt.ShardDispatcher"/>.
    /// </summary>
    public string ShardDispatcher => Aio.ShardDispatcher(HomeShard.Index);

    /// <summary>
    /// Awaited, moves the code behind it to the thread of the file's shard, which does all of its I/O: it stays there from await to await,
    /// and so do the async methods that it calls. An operation then changes no thread, which costs more than all the rest of it.
    /// </summary>
    /// <remarks>
    /// <b>Never block there</b>, and compute little: while this code runs, the shard does nothing else. To wait for a task that needs the
    /// shard (<c>Result</c>, <c>Wait</c>) is a deadlock. <c>ConfigureAwait(false)</c> leaves for the pool; the caller of the method that
    /// has awaited this goes on where it was. When the shard ends with its actor system, the code goes on on the pool; a restart of the
    /// shard moves nothing. While io_submit is stuck (a frozen file system), code on the shard's thread waits with it. With a
    /// <c>shard-dispatcher</c> of another type it runs on that dispatcher's threads, one at a time.
    /// </remarks>
    public AioShardSwitch OnShard() => new(Aio.ShardThreads[HomeShard.Index]);

    /// <summary>As <see cref="OnShard()"/>. With <c>shard-by = stripe</c>: the shard that does the I/O at this offset.</summary>
    /// <param name="offset">Byte offset in the file.</param>
    public AioShardSwitch OnShard(long offset) => new(Aio.ShardThreads[LaneAt(offset).Shard.Index]);

    internal AioExt Aio { get; }

    internal IIoFile Handle { get; }

    /// <summary>As <see cref="IIoFile.Descriptor"/>: nothing of a closed file is submitted.</summary>
    internal int Descriptor { get; }

    /// <summary>st_dev.</summary>
    internal ulong Device { get; }

    internal FileExtent Extent => Open.Extent;

    /// <summary>What closes it.</summary>
    internal OpenFile Open { get; }

    /// <summary>Of commands that name none.</summary>
    internal AioPriority Priority { get; }

    /// <summary>How many bytes more than needed it is made longer by. A stream that writes much sets it for a file of its own.</summary>
    internal long GrowAhead { get; set; }

    /// <summary>Its reads and writes are the blocking dispatcher's, whatever the engine.</summary>
    internal bool IsOnThreads { get; }

    internal Shard HomeShard { get; }

    internal IActorRef Shard => HomeShard.Ref;

    internal HomeRecord Home { get; } = new();

    internal FileLane[] Lanes { get; }

    /// <summary>Any thread: a SetLength or Allocate has been told that is not answered yet. No caller reads past it by itself.</summary>
    internal bool HasExclusive => Volatile.Read(ref _exclusives) > 0;

    /// <summary>Held while a barrier is told to all lanes, so that every lane sees the barriers of a file in one order.</summary>
    internal Lock BarrierOrder { get; } = new();

    /// <summary>The lane of an operation.</summary>
    internal FileLane LaneAt(long offset)
    {
        if (Lanes.Length == 1)
        {
            return Lanes[0];
        }

        var stripe = unchecked((int)(offset / Aio.Settings.StripeSize)); // negative too: it is refused by the shard
        var hash = MurmurHash.FinalizeHash(MurmurHash.ExtendHash(
            _pathHash, (uint)stripe, MurmurHash.StartMagicA, MurmurHash.StartMagicB));
        return Lanes[hash % (uint)Lanes.Length];
    }

    /// <summary>The lane of this file on a shard.</summary>
    internal FileLane LaneOn(Shard shard) => Lanes.Length == 1 ? Lanes[0] : Lanes[shard.Index];

    /// <summary>Blocking thread: closes the descriptor.</summary>
    internal void Release() => Open.Release();

    /// <summary>Keeps the descriptor, and its lock, until the result is disposed of, though the file is closed before.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal IDisposable KeepDescriptor() => ((LinuxFile)Handle).Keep();

    /// <summary>A SetLength or Allocate is told.</summary>
    internal void ExclusiveTold() => Interlocked.Increment(ref _exclusives);

    /// <summary>It is answered.</summary>
    internal void ExclusiveAnswered() => Interlocked.Decrement(ref _exclusives);

    private long DeviceLength()
    {
        try
        {
            return Handle.GetLength();
        }
        catch (ObjectDisposedException)
        {
            return Extent.Length; // closed: as it was then
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"AioFile({Path})";
}
