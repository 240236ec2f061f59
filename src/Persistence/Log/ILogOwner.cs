namespace AkkaAio.Persistence.Log;

/// <summary>What a <see cref="LogWriter{TAppend}"/> tells the actor that owns it.</summary>
internal interface ILogOwner<TAppend>
{
    /// <summary>The batch is on stable storage, and all before it.</summary>
    void OnDurable(Batch<TAppend> batch);

    /// <summary>The batch will not be written, or it is not known whether it was.</summary>
    void OnFailed(Batch<TAppend> batch, Exception cause, AioOutcome outcome);

    /// <summary>
    /// The writer needs the segment of that number, soon or at once: answer with OnSegment or OnNoSegment, not within this call.
    /// </summary>
    void NeedSegment(long number, bool isUrgent);

    /// <summary>All batches of a segment are durable, and no more come. Its file is the owner's from now on.</summary>
    void OnSealed(Segment segment, uint lastCrc);

    /// <summary>
    /// A write has failed, and all batches are told: find out by a recovery what is in the log, and go on with a new writer.
    /// </summary>
    void OnStopped(Exception cause);
}

/// <summary>The actor that owns a log, as its <see cref="LogKeeper{TAppend}"/> sees it.</summary>
internal interface ILogHost<TAppend>
{
    /// <summary>
    /// A recovery begins: what the host knew of the log is void. The visitor is called on another thread, until OnOpen or OnClosed.
    /// </summary>
    /// <param name="files">The same each time.</param>
    ILogVisitor BeginRecovery(LogFiles files);

    /// <summary>All that the recovery visited is in the log and stays there, and nothing else: reads can be answered.</summary>
    /// <param name="fence">The first batch behind it, without records.</param>
    void OnOpen(Batch<TAppend> fence);

    /// <summary>The log cannot be opened or written to; it is tried again, unless the configuration is why.</summary>
    void OnClosed(Exception cause);

    /// <inheritdoc cref="ILogOwner{TAppend}.OnDurable"/>
    void OnDurable(Batch<TAppend> batch);

    /// <inheritdoc cref="ILogOwner{TAppend}.OnSealed"/>
    void OnSealed(Segment segment, uint lastCrc);

    /// <inheritdoc cref="ILogOwner{TAppend}.OnFailed"/>
    void OnFailed(Batch<TAppend> batch, Exception cause, AioOutcome outcome);
}
