namespace AkkaAio.Shards;

/// <summary>
/// Decides how many operations to gather before they are submitted, of those that are there already: nobody waits for a batch to fill.
/// The shard's thread alone.
/// </summary>
/// <remarks>
/// Above 2 iocbs io_submit plugs the block layer: the device gets all of them at the moment when the last is prepared. It then completes
/// them together, and idles until the next batch comes. Random reads, IOPS relative to fio: depth 8 in batches of 2 1.2, of 8 0.9; depth
/// 128 1.07 and 0.96; random writes at depth 64 1.2 and 0.9. Larger batches take less CPU, and a device that has done everything when
/// io_submit returns, such as a RAM disk, never idles for them.
/// </remarks>
/// <param name="min"><c>submit-batch-min</c>.</param>
/// <param name="max"><c>submit-batch-size</c>.</param>
internal sealed class BatchPolicy(int min, int max)
{
    // After this many submits in a row that left nothing in flight the device counts as one that is done at once.
    private const int Sure = 4;

    private int _doneAtOnce;

    /// <summary>How many are enough for a submit.</summary>
    public int Due { get; private set; } = Math.Min(min, max);

    /// <summary>A submit has been made, and what was done by then taken out.</summary>
    /// <param name="inFlight">What the kernel has now.</param>
    public void Submitted(long inFlight)
    {
        _doneAtOnce = inFlight == 0 ? _doneAtOnce + 1 : 0;
        Due = _doneAtOnce >= Sure ? max : Math.Min(min, max);
    }
}
