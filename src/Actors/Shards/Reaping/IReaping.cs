namespace AkkaAio.Shards.Reaping;

/// <summary>
/// How a shard comes to its completions: by its own thread (<see cref="IdleReaping"/>, the default), told by a thread that waits in
/// io_getevents for it (<see cref="OwnReaper"/>), or by one that waits in epoll_wait for all shards (<see cref="EpollReaper"/>).
/// </summary>
internal interface IReaping
{
    /// <summary>The shard's thread, after the context has been told to stop: on return no other thread is in it, or ever will be.</summary>
    void End();

    /// <summary>The context has been destroyed: nothing of it is used any more.</summary>
    void Release();
}
