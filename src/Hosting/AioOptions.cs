using Akka.Configuration;

namespace AkkaAio.Hosting;

/// <summary>
/// <c>akka.io.aio</c> as an object. What is null is not set: then the actor system's configuration has it, or <c>reference.conf</c>, where
/// each key is explained. Sizes are text, such as "64 MiB".
/// </summary>
public sealed class AioOptions
{
    /// <summary><c>engine</c>: auto, linux-aio, io-uring, thread-pool or posix-aio.</summary>
    public string? Engine { get; set; }

    /// <summary><c>shards</c>: 1 to 1024. Null: auto.</summary>
    public int? Shards { get; set; }

    /// <summary><c>shard-by</c>.</summary>
    public AioShardBy? ShardBy { get; set; }

    /// <summary><c>stripe-size</c>, such as "1 MiB".</summary>
    public string? StripeSize { get; set; }

    /// <summary><c>depth</c>: operations that each context may have in flight.</summary>
    public int? Depth { get; set; }

    /// <summary><c>max-queue-size</c>: commands that may wait in a shard.</summary>
    public int? MaxQueueSize { get; set; }

    /// <summary><c>submit-batch-size</c>.</summary>
    public int? SubmitBatchSize { get; set; }

    /// <summary><c>submit-batch-min</c>.</summary>
    public int? SubmitBatchMin { get; set; }

    /// <summary><c>slow-submit</c>.</summary>
    public TimeSpan? SlowSubmit { get; set; }

    /// <summary><c>aio-max-nr-share</c>: above 0, up to 1.</summary>
    public double? AioMaxNrShare { get; set; }

    /// <summary><c>drain-timeout</c>.</summary>
    public TimeSpan? DrainTimeout { get; set; }

    /// <summary><c>reap</c>.</summary>
    public ReapOptions Reap { get; } = new();

    /// <summary><c>buffer-pool</c>.</summary>
    public BufferPoolOptions BufferPool { get; } = new();

    /// <summary><c>akka.io.aio.reap</c>.</summary>
    public sealed class ReapOptions
    {
        /// <summary><c>wait</c>.</summary>
        public AioSettings.ReapWait? Wait { get; set; }

        /// <summary><c>thread</c>.</summary>
        public AioSettings.ReapThread? Thread { get; set; }

        /// <summary><c>min-nr</c>.</summary>
        public int? MinNr { get; set; }

        /// <summary><c>nr</c>.</summary>
        public int? Nr { get; set; }

        /// <summary><c>timeout</c>.</summary>
        public TimeSpan? Timeout { get; set; }

        /// <summary><c>poll</c>.</summary>
        public TimeSpan? Poll { get; set; }
    }

    /// <summary><c>akka.io.aio.buffer-pool</c>.</summary>
    public sealed class BufferPoolOptions
    {
        /// <summary><c>budget</c>, such as "256 MiB".</summary>
        public string? Budget { get; set; }

        /// <summary><c>memory-share</c>: above 0, up to 1.</summary>
        public double? MemoryShare { get; set; }
    }

    /// <summary>What is set, and nothing else. It is checked where the actor system starts.</summary>
    internal Config ToConfig() => new HoconText(AioSettings.Path)
        .Add("engine", Engine)
        .Add("shards", Shards)
        .Add("shard-by", ShardBy)
        .Add("stripe-size", StripeSize)
        .Add("depth", Depth)
        .Add("max-queue-size", MaxQueueSize)
        .Add("submit-batch-size", SubmitBatchSize)
        .Add("submit-batch-min", SubmitBatchMin)
        .Add("slow-submit", SlowSubmit)
        .Add("aio-max-nr-share", AioMaxNrShare)
        .Add("drain-timeout", DrainTimeout)
        .Add("reap.wait", Reap.Wait)
        .Add("reap.thread", Reap.Thread)
        .Add("reap.min-nr", Reap.MinNr)
        .Add("reap.nr", Reap.Nr)
        .Add("reap.timeout", Reap.Timeout)
        .Add("reap.poll", Reap.Poll)
        .Add("buffer-pool.budget", BufferPool.Budget)
        .Add("buffer-pool.memory-share", BufferPool.MemoryShare)
        .ToConfig();
}
