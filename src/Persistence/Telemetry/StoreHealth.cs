using Akka.Persistence;

namespace AkkaAio.Persistence.Telemetry;

/// <summary>What a health check answers for a journal or a snapshot store.</summary>
internal static class StoreHealth
{
    /// <param name="what">Journal or snapshot store.</param>
    /// <param name="folder">Of the store.</param>
    /// <param name="isOpen">It takes writes.</param>
    /// <param name="failure">Why it does not, and refuses all requests; null: it is about to.</param>
    /// <param name="segmentFailure">Why it will refuse them when its last segment is full; null: it has another one.</param>
    public static PersistenceHealthCheckResult Of(string what, string folder, bool isOpen, Exception? failure, Exception? segmentFailure) =>
        (isOpen, failure ?? segmentFailure) switch
        {
            (true, null) => new(PersistenceHealthStatus.Healthy),
            (true, var cause) => new(
                PersistenceHealthStatus.Degraded, $"the {what} in {folder} has no room beyond its last segment: {cause!.Message}", cause),
            (false, null) => new(PersistenceHealthStatus.Degraded, $"the {what} in {folder} is being recovered"),
            (false, var cause) =>
                new(PersistenceHealthStatus.Unhealthy, $"the {what} in {folder} cannot be written to: {cause.Message}", cause),
        };
}
