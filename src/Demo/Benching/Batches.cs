namespace AkkaAio.Demo.Benching;

/// <summary>How many system calls the shards have made so far, and for how many operations.</summary>
internal readonly record struct Batches(long Submits, long Submitted, long Reaps, long Reaped)
{
    /// <summary>Operations an io_submit, in the mean; 0 without any.</summary>
    public double MeanSubmit => Submits == 0 ? 0 : (double)Submitted / Submits;

    /// <summary>Completions an io_getevents, in the mean; 0 without any.</summary>
    public double MeanReap => Reaps == 0 ? 0 : (double)Reaped / Reaps;

    public static Batches Of(Aio.Stats stats) => new(
        stats.Shards.Sum(shard => shard.Submits),
        stats.Shards.Sum(shard => shard.Submitted),
        stats.Shards.Sum(shard => shard.Reaps),
        stats.Shards.Sum(shard => shard.Reaped));

    public static Batches operator -(Batches later, Batches earlier) => new(
        later.Submits - earlier.Submits,
        later.Submitted - earlier.Submitted,
        later.Reaps - earlier.Reaps,
        later.Reaped - earlier.Reaped);
}
