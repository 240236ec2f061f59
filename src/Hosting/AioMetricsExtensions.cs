using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace AkkaAio.Hosting;

/// <summary>AkkaAio's meter in OpenTelemetry.</summary>
public static class AioMetricsExtensions
{
    /// <summary>
    /// Every <c>MeterProvider</c> of the services listens to AkkaAio: those that <c>AddOpenTelemetry().WithMetrics(…)</c> makes, before
    /// or after this call. The instruments are listed in docs/telemetry.md; histograms bring their bucket boundaries along.
    /// </summary>
    public static IServiceCollection AddAioMetrics(this IServiceCollection services) =>
        services.ConfigureOpenTelemetryMeterProvider(static metrics => metrics.AddMeter(AioExt.MeterName));
}
