using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.Shards;

/// <summary>
/// Decides which direct operations carry RWF_NOWAIT: where submits have blocked (<c>slow-submit</c>), an operation that would block again comes back with
/// EAGAIN instead, and is done on a blocking thread. By device and kind of operation, since one blocks where another does not. The
/// shard's thread alone.
/// </summary>
/// <remarks>
/// Not from the start: file systems refuse what they would have done without blocking (a write into an unwritten extent), and a
/// refusal costs more than a submit that does not block.
/// </remarks>
internal sealed class NoWaitPolicy(ShardCounters counters)
{
    /// <summary>Of so many flagged operations it is counted how many fell back.</summary>
    public const int Window = 256;

    // More, and most of the device's work would go through the blocking threads, which are few and slower: no gain is worth that.
    private const int MostFallbacks = Window / 4;

    private readonly Dictionary<(ulong Device, bool IsWrite), Pair> _pairs = [];

    /// <summary>The flag for an operation that is about to be staged, or none.</summary>
    public RwFlags FlagFor(ulong device, bool isWrite)
    {
        // Most systems never see a slow submit: then this is all that there is to it.
        if (_pairs.Count == 0 || !_pairs.TryGetValue((device, isWrite), out var pair) || pair.HasEnded)
        {
            return RwFlags.None;
        }

        if (pair.Flagged == Window)
        {
            (pair.Flagged, pair.FellBack) = (0, 0);
        }

        pair.Flagged++;
        counters.NoWaitFlagged++;
        return RwFlags.NoWait;
    }

    /// <summary>A submit that took long had such an operation in it: from now on they are flagged, unless that has been tried.</summary>
    public void SubmitWasSlow(ulong device, bool isWrite) => _pairs.TryAdd((device, isWrite), new Pair());

    /// <summary>A flagged operation came back undone.</summary>
    public void FellBack(ulong device, bool isWrite)
    {
        counters.NoWaitFellBack++;
        if (_pairs.TryGetValue((device, isWrite), out var pair) && ++pair.FellBack > MostFallbacks)
        {
            pair.HasEnded = true;
        }
    }

    /// <summary>The file system does not know the flag (EOPNOTSUPP).</summary>
    public void IsUnsupported(ulong device, bool isWrite)
    {
        if (_pairs.TryGetValue((device, isWrite), out var pair))
        {
            pair.HasEnded = true;
        }
    }

    /// <summary>
    /// Whether a completion means that the flag kept the operation from being done. A short read counts too: without the flag it is the
    /// end of the file, with it perhaps only the end of what needed no waiting.
    /// </summary>
    public static bool IsRefusal(Slot slot, long result) =>
        (slot.Flags & RwFlags.NoWait) != 0 &&
        ((Errno)(-result) is Errno.EAGAIN or Errno.EOPNOTSUPP ||
         (slot.Opcode == IoOpcode.Read && result >= 0 && result < slot.NextLength));

    private sealed class Pair
    {
        public int Flagged;
        public int FellBack;
        public bool HasEnded;
    }
}
