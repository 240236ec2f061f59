namespace AkkaAio.Shards;

/// <summary>
/// Decides how many operations to gather before they are submitted, of those that are there already: nobody waits for a batch to fill.
/// The shard's thread alone.
/// </summary>
/// <remarks>
/// A device that has little to do gets what there is in small pieces, or it idles while the rest of the batch is prepared, and then, all
/// of a batch being done at one time, again. Measured: random reads at depth 32 in batches of 2 reached 1.2 times fio's IOPS, in batches
/// of 32 0.8; random writes at depth 64 in batches of 4 0.98, of 32 0.81. One that has much to do is not held up by a larger batch,
/// which costs less CPU. And where all is done when io_submit returns, as on a disk in RAM, nothing is in flight that could be held up.
/// </remarks>
/// <param name="max"><c>submit-batch-size</c>.</param>
internal sealed class BatchPolicy(int max)
{
    // Above 2 iocbs io_submit plugs the block layer: the device sees the first when the last is prepared.
    private const int Least = 2;

    // Of what is in flight: so much more work reaches the device at one time at most.
    private const int Share = 16;

    // So many submits in a row that left nothing in flight, before it is taken for how the device is.
    private const int Sure = 4;

    private int _doneAtOnce;

    /// <summary>So many are enough for a submit.</summary>
    public int Due { get; private set; } = Math.Min(Least, max);

    /// <summary>A submit has been made, and what was done by then taken out.</summary>
    /// <param name="inFlight">What the kernel has now.</param>
    public void Submitted(long inFlight)
    {
        _doneAtOnce = inFlight == 0 ? _doneAtOnce + 1 : 0;
        Due = _doneAtOnce >= Sure ? max : (int)Math.Clamp(inFlight / Share, Math.Min(Least, max), max);
    }
}
