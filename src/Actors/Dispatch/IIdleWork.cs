namespace AkkaAio.Dispatch;

/// <summary>What a <see cref="ThreadExecutor"/>'s thread does when no mailbox wants it. Its thread alone, but for
/// <see cref="Wake"/>.</summary>
internal interface IIdleWork
{
    /// <summary>Whether there is anything to wait for in <see cref="Sleep"/>; otherwise the thread parks.</summary>
    bool IsPending { get; }

    /// <summary>Does some of what is there. False: nothing.</summary>
    bool TryDo();

    /// <summary>How long it pays to look for it again and again before <see cref="Sleep"/>.</summary>
    TimeSpan TimeToLook();

    /// <summary>It has been looked for so long.</summary>
    void Looked(bool found);

    /// <summary>Does what comes next, sleeping until it does or <see cref="Wake"/> is called. May return with nothing done.</summary>
    void Sleep();

    /// <summary>From any thread: ends the <see cref="Sleep"/> that is under way, or the next.</summary>
    void Wake();
}
