using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AkkaAio.Hosting;

/// <summary>
/// Whether the actor system's disk I/O works: unhealthy where a shard refuses everything or the figures do not come, degraded where
/// something is slow, full or was restarted. Only what several checks in a row have found is reported.
/// </summary>
internal sealed class AioHealthCheck : IAkkaHealthCheck
{
    private readonly AioHealthOptions _options;
    private readonly Lock _lock = new();
    private int _notHealthy;
    private int _unhealthy;

    public AioHealthCheck(AioHealthOptions options)
    {
        options.Check();
        _options = options;
    }

    public async Task<HealthCheckResult> CheckHealthAsync(AkkaHealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object>();
        var (status, found) = await LookAsync(context.ActorSystem, data, cancellationToken).ConfigureAwait(false);
        var (reported, inARow) = Report(status);
        if (found.Length > 0)
        {
            data["found"] = found;
            data["inARow"] = inARow;
        }

        return new HealthCheckResult(
            reported,
            found.Length == 0 ? "disk I/O works"
            : reported == HealthStatus.Healthy ? $"found {inARow} of {_options.Tolerance} times in a row: {found}"
            : found,
            exception: null,
            data);
    }

    private async Task<(HealthStatus Status, string Found)> LookAsync(
        ActorSystem system, Dictionary<string, object> data, CancellationToken cancellationToken)
    {
        try
        {
            var aio = AioExt.Get(system);
            return await aio.Ref.Ask<object>(new Aio.GetStats(), _options.Timeout, cancellationToken).ConfigureAwait(false) switch
            {
                Aio.Stats stats => Judge(stats, aio.Settings.MaxQueueSize, data),
                Aio.CommandFailed failed => (HealthStatus.Unhealthy, failed.Cause.Message),
                var other => (HealthStatus.Unhealthy, $"unexpected reply to GetStats: {other}"),
            };
        }
        catch (AskTimeoutException)
        {
            return (HealthStatus.Unhealthy, $"GetStats has not been answered within {_options.Timeout.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return (HealthStatus.Unhealthy, e.Message);
        }
    }

    private (HealthStatus Status, string Found) Judge(Aio.Stats stats, int maxQueueSize, Dictionary<string, object> data)
    {
        var oldest = stats.Shards.Max(shard => shard.OldestInFlight);
        data["engine"] = stats.Engine;
        data["reason"] = stats.EngineReason;
        data["inFlight"] = stats.Shards.Sum(shard => shard.InFlight);
        data["oldestInFlightMs"] = (long)oldest.TotalMilliseconds;
        data["queued"] = stats.Shards.Sum(shard => shard.Queued);
        data["restarts"] = stats.Shards.Sum(shard => shard.Restarts);
        data["openFiles"] = stats.OpenFiles;
        data["poolRentedBytes"] = stats.PoolRentedBytes;

        string[] unhealthy =
        [
            .. from shard in stats.Shards
               where shard.Unavailable is not null
               select $"shard {shard.Shard} refuses every command: {shard.Unavailable}",
        ];
        string[] degraded =
        [
            .. stats.Shards.SelectMany(shard => Degraded(shard, maxQueueSize)),
            .. Found(stats.PoolRentedBytes >= _options.PoolShare * stats.PoolBudgetBytes,
                $"{stats.PoolRentedBytes} of {stats.PoolBudgetBytes} bytes of the buffer pool are lent out"),
            .. Found(_options.RequireEngine && stats.EngineIsFallback, $"engine {stats.Engine}: {stats.EngineReason}"),
        ];
        return (
            unhealthy.Length > 0 ? HealthStatus.Unhealthy : degraded.Length > 0 ? HealthStatus.Degraded : HealthStatus.Healthy,
            string.Join("; ", unhealthy.Concat(degraded)));
    }

    private IEnumerable<string> Degraded(Aio.ShardStats shard, int maxQueueSize) =>
    [
        .. Found(shard.OldestInFlight > _options.OldestInFlight,
            $"shard {shard.Shard} has had an operation in flight for {shard.OldestInFlight.TotalSeconds:0.###} s"),
        .. Found(shard.Queued >= _options.QueueShare * maxQueueSize,
            $"shard {shard.Shard} has {shard.Queued} commands waiting, of at most {maxQueueSize}"),
        .. Found(shard.SinceRestart <= _options.RestartWithin,
            $"shard {shard.Shard} was restarted {shard.SinceRestart?.TotalSeconds:0} s ago"),
    ];

    private static IEnumerable<string> Found(bool isFound, string text) => isFound ? [text] : [];

    // Worse counts as bad too, so that a system that goes from degraded to unhealthy is not reported later than one that stays degraded.
    private (HealthStatus Reported, int InARow) Report(HealthStatus status)
    {
        lock (_lock)
        {
            _notHealthy = status == HealthStatus.Healthy ? 0 : _notHealthy + 1;
            _unhealthy = status == HealthStatus.Unhealthy ? _unhealthy + 1 : 0;
            return (
                _unhealthy >= _options.Tolerance ? HealthStatus.Unhealthy
                : _notHealthy >= _options.Tolerance ? HealthStatus.Degraded
                : HealthStatus.Healthy,
                _notHealthy);
        }
    }
}
