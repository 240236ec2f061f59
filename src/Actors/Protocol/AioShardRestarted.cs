namespace AkkaAio;

/// <summary>
/// Published on the system's EventStream after a shard has restarted: what it held has been answered with
/// <see cref="AioAbortedException"/>, open files go on working.
/// </summary>
/// <param name="Shard">The shard.</param>
/// <param name="Cause">Why.</param>
public sealed record AioShardRestarted(int Shard, Exception Cause);
