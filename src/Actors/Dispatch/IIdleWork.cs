namespace AkkaAio.Dispatch;

/// <summary>What a <see cref="ThreadExecutor"/>'s thread does when no mailbox wants it.</summary>
internal interface IIdleWork
{
    /// <summary>Whether there is anything to wait for in <see cref="Sleep"/>; else the thread parks.</summary>
    bool IsPending { get; }

    /// <summary>Any thread: whether <see cref="TryDo"/> has something to do now that would wake nobody from <see cref="Sleep"/>.</summary>
    bool HasSome { get; }

    /// <summary>Does some of what is there. False: nothing.</summary>
    bool TryDo();

    /// <summary>Does what is there, looking for it for a moment. False: nothing has come, and the thread has no other work.</summary>
    bool Poll(ThreadExecutor thread);

    /// <summary>Does what comes next, sleeping until it does or <see cref="Wake"/> is called. May return with nothing done.</summary>
    void Sleep();

    /// <summary>From any thread: ends the <see cref="Sleep"/> that is under way, or the next.</summary>
    void Wake();
}
