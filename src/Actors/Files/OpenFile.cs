using Akka.Actor;
using Akka.Event;
using AkkaAio.Interop.Engines;
using AkkaAio.Shards;

namespace AkkaAio.Files;

/// <summary>
/// What is needed to close a file: all that we hold of it while nothing of it is under way. The <see cref="AioFile"/> itself is its users',
/// so that one which nobody holds any more is found by its finalizer.
/// </summary>
internal sealed class OpenFile
{
    // What a collection is worth that closes a file. The kernel's own memory for one is some 2 KiB; but descriptors run out before memory
    // does, so that a few thousand that are open must be a reason to look for forgotten ones.
    private const long MemoryPressure = 64 << 10;

    private readonly AioExt _aio;
    private readonly WeakReference<AioFile> _file;
    private readonly Action? _closed;
    private readonly WriteCounts[] _writes;
    private int _closing;
    private int _descriptorLeaked;
    private int _releases;

    // Of those that must let go before the end of the system closes it: the end itself, and what blocking threads have under way.
    private int _holdersAtEnd = 1;
    private bool _isReleased;

    public OpenFile(AioExt aio, AioFile file, IIoFile handle, AioOpenOptions options, string openedBy)
    {
        _aio = aio;
        _file = new WeakReference<AioFile>(file);
        Handle = handle;
        OpenedBy = openedBy;
        _writes = [.. file.Lanes.Select(lane => lane.Writes)];
        Extent = FileExtents.Open(this, isEmptied: options.Mode is FileMode.Create or FileMode.CreateNew or FileMode.Truncate);
        aio.CountOpenFile(1);
        GC.AddMemoryPressure(MemoryPressure);
        _closed = options.Closed;
        options.Opened?.Invoke();
    }

    public IIoFile Handle { get; }

    public FileExtent Extent { get; }

    public string Path => Handle.Path;

    /// <summary>
    /// Any thread: a write is under way, or the kernel has an abandoned one still. True also of one that has just ended.
    /// </summary>
    public bool HasWrites => DescriptorLeaked || Array.Exists(_writes, writes => writes.HasPending);

    /// <summary>Any thread: what the file was made longer by is to be taken back when the writes of this open are done.</summary>
    public void TellOfTail()
    {
        if (File is not { } file || DescriptorLeaked)
        {
            return;
        }

        foreach (var lane in file.Lanes)
        {
            // A lane without writes would look again at once, and again, while another one's are under way.
            if (lane.Writes.HasPending)
            {
                lane.Shard.Tell(new TailUnwanted(lane), ActorRefs.NoSender);
            }
        }
    }

    public ILoggingAdapter Log => _aio.Log;

    /// <summary>The requester of its Open, in words.</summary>
    public string OpenedBy { get; }

    /// <summary>The files of the actor whose death closes it; null: it has none. Set by the manager, before anybody has the file.</summary>
    public OwnedFiles? Owned { get; set; }

    /// <summary>A Close has been told.</summary>
    public bool IsClosing => Volatile.Read(ref _closing) != 0;

    /// <summary>The file, while somebody holds it.</summary>
    public AioFile? File => _file.TryGetTarget(out var file) ? file : null;

    /// <summary>An operation was abandoned in the kernel: its descriptor must never be closed, or it could hit another file.</summary>
    public bool DescriptorLeaked => Volatile.Read(ref _descriptorLeaked) != 0;

    /// <summary>The descriptor is closed.</summary>
    public bool IsReleased => Volatile.Read(ref _isReleased);

    public void LeakDescriptor() => Volatile.Write(ref _descriptorLeaked, 1);

    /// <summary>A shard stops while a blocking thread has an operation of the file under way: the descriptor stays open until it is
    /// back.</summary>
    public void HoldAtEnd() => Interlocked.Increment(ref _holdersAtEnd);

    /// <summary>Blocking thread: the operation is back, or the end of the system has come to this file. The last one closes it.</summary>
    public void LetGoAtEnd()
    {
        if (Interlocked.Decrement(ref _holdersAtEnd) == 0)
        {
            Release();
        }
    }

    /// <summary>Any thread: a Close is told.</summary>
    public void CloseBegins()
    {
        if (Interlocked.Exchange(ref _closing, 1) == 0)
        {
            Owned?.CloseBegins();
        }
    }

    /// <summary>Blocking thread: closes the descriptor. Once: the end of the system may meet a Close that is under way.</summary>
    public void Release()
    {
        if (Interlocked.Increment(ref _releases) > 1)
        {
            return;
        }

        try
        {
            FileExtents.Close(this);
        }
        finally
        {
            Volatile.Write(ref _isReleased, true);
            _aio.CountOpenFile(-1);
            GC.RemoveMemoryPressure(MemoryPressure);
            _closed?.Invoke();
        }
    }

    /// <summary>Finalizer thread: nobody holds the <see cref="AioFile"/> any more, and nothing of it is under way.</summary>
    public void Forgotten()
    {
        if (Volatile.Read(ref _releases) == 0 && !DescriptorLeaked)
        {
            _aio.ForgottenFiles.Add(this);
        }
    }

    public override string ToString() => Path;
}
