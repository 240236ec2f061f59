namespace AkkaAio.Dispatch;

/// <summary>What a <see cref="ThreadExecutor"/>'s thread does when no mailbox wants it. Its thread alone, but for <see cref="Wake"/>.</summary>
internal interface IIdleWork
{
    /// <summary>Whether there is anything to wait for in <see cref="Sleep"/>; otherwise the thread parks.</summary>
    bool IsPending { get; }

    /// <summary>Does some of what is there. False: nothing.</summary>
    bool TryDo();

    /// <summary>Does what is there, looking for it for a moment. False: nothing has come, and the thread has no other work.</summary>
    bool Poll(ThreadExecutor thread);

    /// <summary>Does what comes next, sleeping until it does or <see cref="Wake"/> is called. May return with nothing done.</summary>
    void Sleep();

    /// <summary>From any thread: ends the <see cref="Sleep"/> that is under way, or the next.</summary>
    void Wake();
}
