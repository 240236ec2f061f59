namespace AkkaAio.Shards;

/// <summary>
/// Decides how many operations to gather before they are submitted, of those that are there already: nobody waits for a batch to fill.
/// The shard's thread alone.
/// </summary>
/// <remarks>
/// Above 2 iocbs io_submit plugs the block layer: the device sees the first when the last is prepared, and then all at one time. It gives
/// them back so too, idles until the next batch is there, and so on: a convoy. Random reads, IOPS of fio's: depth 8 in batches of 2
/// 1.2, of 8 0.9; depth 128 1.07 and 0.96; random writes at depth 64 1.2 and 0.9. Larger ones take less CPU, and where all is done when
/// io_submit returns, as on a disk in RAM, there is no convoy.
/// </remarks>
/// <param name="min"><c>submit-batch-min</c>.</param>
/// <param name="max"><c>submit-batch-size</c>.</param>
internal sealed class BatchPolicy(int min, int max)
{
    // So many submits in a row that left nothing in flight, before it is taken for how the device is.
    private const int Sure = 4;

    private int _doneAtOnce;

    /// <summary>So many are enough for a submit.</summary>
    public int Due { get; private set; } = Math.Min(min, max);

    /// <summary>A submit has been made, and what was done by then taken out.</summary>
    /// <param name="inFlight">What the kernel has now.</param>
    public void Submitted(long inFlight)
    {
        _doneAtOnce = inFlight == 0 ? _doneAtOnce + 1 : 0;
        Due = _doneAtOnce >= Sure ? max : Math.Min(min, max);
    }
}
