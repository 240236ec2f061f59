namespace AkkaAio.Interop.Engines;

/// <summary>
/// A context whose operations end on threads of this process: one that has just ended one is awake, and can at once do what the completion
/// brings about, instead of waking another thread for it.
/// </summary>
internal interface ICompletesOnThreads : IIoContext
{
    /// <summary>Whether <see cref="IIoContext.Reap"/> would take one out now.</summary>
    bool HasCompletions { get; }

    /// <summary>
    /// From now on <paramref name="completed"/> is called after each operation that a thread has ended, on that thread, once its completion
    /// can be taken out. It may reap and submit, and must not throw; the thread takes on no other operation before it returns. Called once,
    /// before the first <see cref="IIoContext.Submit"/>.
    /// </summary>
    void TellOf(Action completed);
}
