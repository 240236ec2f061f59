namespace AkkaAio.Interop.Engines;

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
    /// <param name="timeout">How long to wait; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>Completions written, 0 to the span's length.</returns>
    int Reap(Span<IoCompletion> completions, int minNr, TimeSpan timeout);

    /// <summary>Ends the <see cref="Reap"/> that is waiting, or the next one, at once.</summary>
    void Wake();
}
