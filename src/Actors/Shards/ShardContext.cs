using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// One context of a shard, from an opening of its actor to the end of that incarnation. The shard's thread submits and reaps; any thread
/// may wake it.
/// </summary>
internal sealed class ShardContext(IIoContext context)
{
    private readonly Lock _wakeLock = new();
    private long _count;
    private bool _stopRequested;
    private bool _disposed;

    public IIoContext Queue => context;

    public int Depth => context.Depth;

    /// <summary>Operations that the kernel has, or whose events it keeps. Read by any thread, changed by the shard's alone.</summary>
    public long Count
    {
        get => Volatile.Read(ref _count);
        set => Volatile.Write(ref _count, value);
    }

    /// <summary>The shard is stopping or restarting: nothing more is submitted.</summary>
    public bool StopRequested => Volatile.Read(ref _stopRequested);

    /// <summary>Any thread: ends the wait of the thread that reaps, for good.</summary>
    public void RequestStop()
    {
        Volatile.Write(ref _stopRequested, true);
        Wake();
    }

    /// <summary>Any thread: ends the wait of the thread that reaps, or its next one.</summary>
    public void Wake()
    {
        lock (_wakeLock)
        {
            if (!_disposed)
            {
                context.Wake();
            }
        }
    }

    /// <summary>Destroys the context, which is never woken again.</summary>
    public void Destroy()
    {
        lock (_wakeLock)
        {
            _disposed = true;
        }

        context.Dispose();
    }
}
