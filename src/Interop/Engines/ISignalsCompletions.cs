using AkkaAio.Interop.Abi;

namespace AkkaAio.Interop.Engines;

/// <summary>A context that can tell of its completions by an eventfd, so that one thread can wait for many contexts.</summary>
internal interface ISignalsCompletions : IIoContext
{
    /// <summary>
    /// From now on each completion that can be taken out has been followed by a signal. Called once, before the first
    /// <see cref="IIoContext.Submit"/>; the eventfd outlives the context.
    /// </summary>
    /// <exception cref="AioContextException">The kernel refuses.</exception>
    void SignalTo(EventFd completed);
}
