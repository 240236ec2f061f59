using Akka;
using Akka.Streams.TestKit;
using AkkaAio.Tests.Support;
using Xunit;

namespace AkkaAio.Streams.Tests.Support;

/// <summary>What feeds a sink, and why the sink has cancelled it.</summary>
public sealed class ProbedUpstream(TestPublisher.Probe<ReadOnlyMemory<byte>> probe, Task<Done> ended)
{
    public ProbedUpstream Send(params ReadOnlySpan<byte[]> elements)
    {
        foreach (var element in elements)
        {
            probe.SendNext(element);
        }

        return this;
    }

    public void Complete() => probe.SendComplete();

    /// <summary>The cause that it was cancelled with.</summary>
    public async Task<Exception> CancelledBy() => await Assert.ThrowsAnyAsync<Exception>(() => ended.WaitAsync(Patience.Long));
}
