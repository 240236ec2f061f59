using Akka.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AkkaAio.Hosting;

/// <summary>AkkaAio among a host's health checks.</summary>
public static class AioHealthExtensions
{
    /// <summary>
    /// Adds a health check with the tags <c>ready</c> and <c>aio</c>: unhealthy where a shard refuses everything or the figures do not
    /// come, degraded where something is slow, full or was restarted (<see cref="AioHealthOptions"/>). What it has seen is in its data.
    /// </summary>
    /// <param name="akka">The builder.</param>
    /// <param name="configure">Sets the thresholds; null: the defaults.</param>
    /// <param name="name">The check's name.</param>
    /// <remarks>
    /// <b>Not for liveness.</b> A restart of the process mends no disk, and takes the node out of a cluster that works. Let it keep traffic
    /// away at most (readiness), and raise an alarm.
    /// </remarks>
    public static AkkaConfigurationBuilder WithAioHealthCheck(
        this AkkaConfigurationBuilder akka, Action<AioHealthOptions>? configure = null, string name = "akka-aio")
    {
        ArgumentNullException.ThrowIfNull(akka);
        var options = new AioHealthOptions();
        configure?.Invoke(options);
        return akka.WithHealthCheck(name, new AioHealthCheck(options), HealthStatus.Degraded, ["ready", "aio"], timeout: null);
    }
}
