using Xunit;

namespace AkkaAio.Tests.Model;

/// <summary>
/// The model: what was told of one file and answered, with the time of both, and whether a file could have behaved so. A read sees the
/// last write, or one that was under way at the same time; barriers keep their order; what was not performed is never seen; after a
/// close all is refused.
/// </summary>
internal sealed class History(int sectorSize, int initialSectors, int sectors, bool oneOrder)
{
    /// <summary>The content before any write.</summary>
    private const byte Zero = 0;

    private readonly List<Entry> _entries = [];

    public void Add(Entry entry) => _entries.Add(entry);

    /// <summary>Checks all of it, once every command has its reply and the file is closed.</summary>
    /// <param name="finalContent">Of the closed file.</param>
    /// <param name="uncut">What was allocated ahead could not be cut off.</param>
    /// <param name="dataSyncs">Each successful fdatasync of the file: when it was submitted, and when its completion was there.</param>
    public void Check(byte[] finalContent, bool uncut, IReadOnlyList<(long Start, long End)> dataSyncs)
    {
        CheckMemory();
        CheckRefusals();
        CheckFlushes(dataSyncs);
        CheckOrder();
        CheckContent(finalContent, uncut);
    }

    private void CheckMemory()
    {
        foreach (var entry in _entries)
        {
            if (!entry.IsUntouched)
            {
                Fail(entry, "has changed its memory after its reply");
            }
        }
    }

    // The owner's death closes a file at a time that we do not see: but what is told behind a command that was too late is too late too.
    // On real threads only behind a Close of the schedule's own: the manager's comes to one lane after the other, between our commands.
    private void CheckRefusals()
    {
        Entry? close = null;
        foreach (var entry in _entries)
        {
            if (entry.Command is Aio.Cancel or Aio.AwaitRoom)
            {
                continue;
            }

            if (close is not null && entry.Cause is not
                (AioClosedException or AioOverloadedException or AioCanceledException or AioAbortedException or AioUnavailableException))
            {
                Fail(entry, $"was answered with {entry.Reply} though {Name(close)} had closed the file or found it closed");
            }

            if (close is not null && !entry.NotPerformed && entry.Cause is not AioCanceledException)
            {
                Fail(entry, $"is said to have happened perhaps, behind {Name(close)}");
            }

            if (close is null && (entry.Command is Aio.Close || (oneOrder && entry.Cause is AioClosedException)))
            {
                close = entry;
            }
        }
    }

    private void CheckFlushes(IReadOnlyList<(long Start, long End)> dataSyncs)
    {
        var lost = long.MaxValue;
        foreach (var flush in _entries.Where(entry => entry.Command is Aio.Flush && entry.Cause is AioSystemException))
        {
            lost = Math.Min(lost, flush.Answered);
        }

        var lastWrite = 0L;
        foreach (var entry in _entries)
        {
            if (entry is { Command: Aio.Write, Succeeded: true })
            {
                lastWrite = Math.Max(lastWrite, entry.Answered);
            }
            else if (entry is { Command: Aio.Flush, Succeeded: true })
            {
                if (entry.Answered > lost)
                {
                    Fail(entry, "succeeded after one had failed");
                }

                if (!dataSyncs.Any(sync => sync.Start > lastWrite && sync.End < entry.Answered))
                {
                    Fail(entry, $"succeeded without an fdatasync between {lastWrite}, its last write, and {entry.Answered}");
                }
            }
        }
    }

    private void CheckOrder()
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            var barrier = _entries[i];
            if (barrier.Command is not Aio.BarrierCommand || !barrier.Succeeded)
            {
                continue;
            }

            var isFlush = barrier.Command is Aio.Flush;
            for (var j = 0; j < _entries.Count; j++)
            {
                var other = _entries[j];
                if (j < i && other.Answered > barrier.Answered &&
                    (isFlush ? other.Command is Aio.Write : other.Command is Aio.TransferCommand or Aio.BarrierCommand))
                {
                    Fail(barrier, $"was answered before {Name(other)}, which was told before it");
                }

                if (j > i && !isFlush && other is { Succeeded: true, Command: Aio.TransferCommand } && other.Answered < barrier.Answered)
                {
                    Fail(barrier, $"was answered after {Name(other)}, which was told behind it");
                }
            }
        }
    }

    // From one SetLength or Allocate to the next: between them all is free to overtake, and at them nothing is.
    private void CheckContent(byte[] finalContent, bool uncut)
    {
        var state = new FileState(sectors, initialSectors * (long)sectorSize);
        var epoch = new Epoch(sectorSize, sectors);
        foreach (var entry in _entries)
        {
            if (entry.Command is not (Aio.SetLength or Aio.Allocate))
            {
                epoch.Add(entry);
            }
            else if (!entry.NotPerformed)
            {
                state = epoch.CheckReads(state).After(state).After(entry, sectorSize);
                epoch = new Epoch(sectorSize, sectors);
            }
        }

        state = epoch.CheckReads(state).After(state);
        Assert.InRange(finalContent.Length, state.Least, uncut ? int.MaxValue : state.Most);
        for (var position = 0; position < finalContent.Length;)
        {
            var sector = position / sectorSize;
            var rest = finalContent.AsSpan(position..Math.Min((sector + 1) * sectorSize, finalContent.Length));
            if (position >= state.Most ? rest[0] != Zero : !state.Sectors[sector].Contains(rest[0]))
            {
                Assert.Fail($"byte {position} of the closed file is {rest[0]}, which nobody wrote there, or somebody over it");
            }

            position += LengthOfRun(rest);
        }
    }

    // A sector is looked at once for each value in it, not once a byte.
    private static int LengthOfRun(ReadOnlySpan<byte> bytes) =>
        bytes.IndexOfAnyExcept(bytes[0]) is var other && other < 0 ? bytes.Length : other;

    private static string Name(Entry entry) => $"{entry.Command.Name} {entry.Index}";

    private static void Fail(Entry entry, string what) => Assert.Fail($"{Name(entry)} {what}");

    /// <summary>What a file may hold: of each sector the possible values, and how long it may be.</summary>
    private sealed record FileState(HashSet<byte>[] Sectors, long Least, long Most)
    {
        public FileState(int sectors, long length)
            : this([.. Enumerable.Range(0, sectors).Select(_ => new HashSet<byte> { Zero })], length, length)
        {
        }

        /// <summary>Once a SetLength or Allocate has been carried out; or perhaps not, if it failed or was cancelled.</summary>
        public FileState After(Entry barrier, int sectorSize)
        {
            if (barrier.Command is Aio.Allocate allocate)
            {
                var end = allocate.Offset + allocate.Length;
                return this with { Least = barrier.Succeeded ? Math.Max(Least, end) : Least, Most = Math.Max(Most, end) };
            }

            var length = ((Aio.SetLength)barrier.Command).Length;
            for (var sector = (int)(length / sectorSize); sector < Sectors.Length; sector++)
            {
                Sectors[sector] = barrier.Succeeded ? [Zero] : [Zero, .. Sectors[sector]];
            }

            return this with
            {
                Least = barrier.Succeeded ? length : Math.Min(Least, length),
                Most = barrier.Succeeded ? length : Math.Max(Most, length),
            };
        }
    }

    /// <summary>Commands that no SetLength or Allocate lies between.</summary>
    private sealed class Epoch(int sectorSize, int sectors)
    {
        private readonly List<Entry> _reads = [];
        private readonly List<Entry> _writes = [];
        private readonly List<Entry>[] _writesOf = [.. Enumerable.Range(0, sectors).Select(_ => new List<Entry>())];

        public void Add(Entry entry)
        {
            if (entry.Command is Aio.Write write && !entry.NotPerformed)
            {
                _writes.Add(entry);
                for (var sector = write.Offset / sectorSize; sector < entry.End / sectorSize; sector++)
                {
                    _writesOf[sector].Add(entry);
                }
            }
            else if (entry.Bytes is not null)
            {
                _reads.Add(entry);
            }
        }

        public Epoch CheckReads(FileState before)
        {
            foreach (var read in _reads)
            {
                CheckLength(read, before);
                var bytes = read.Bytes.AsSpan();
                for (var position = 0; position < bytes.Length;)
                {
                    var sector = (int)((read.Transfer.Offset + position) / sectorSize);
                    var end = (int)Math.Min(bytes.Length, ((sector + 1L) * sectorSize) - read.Transfer.Offset);
                    var rest = bytes[position..end];
                    if (!CanSee(read, rest[0], sector, before))
                    {
                        Fail(read, $"of {read.Transfer.Length} bytes at {read.Transfer.Offset} gave {rest[0]} for byte {position}, which nobody wrote there by then");
                    }

                    position += LengthOfRun(rest);
                }
            }

            return this;
        }

        public FileState After(FileState before)
        {
            var least = _writes.Where(write => write.Succeeded).Select(write => write.End).Append(before.Least).Max();
            var most = _writes.Select(write => write.End).Append(before.Most).Max();
            return new FileState([.. before.Sectors.Select((start, sector) => After(start, sector))], least, most);
        }

        // What a sector may hold once everything is over.
        private HashSet<byte> After(HashSet<byte> start, int sector)
        {
            var here = _writesOf[sector];
            var latest = LatestBefore(here, long.MaxValue);
            HashSet<byte> values = latest < 0 ? [.. start] : [];
            foreach (var write in here.Where(write => write.Over >= latest))
            {
                values.Add(write.StampAt(sector));
            }

            return values;
        }

        private void CheckLength(Entry read, FileState before)
        {
            var (surely, perhaps) = (before.Least, before.Most);
            foreach (var write in _writes)
            {
                surely = write.Succeeded && write.Answered < read.Told ? Math.Max(surely, write.End) : surely;
                perhaps = write.Told < read.Answered ? Math.Max(perhaps, write.End) : perhaps;
            }

            var (offset, length) = (read.Transfer.Offset, read.Transfer.Length);
            if (read.Bytes!.Length < Math.Clamp(surely - offset, 0, length) || read.Bytes.Length > Math.Clamp(perhaps - offset, 0, length))
            {
                Fail(read, $"of {length} bytes at {offset} gave {read.Bytes.Length}; the file was {surely} to {perhaps} long");
            }
        }

        private bool CanSee(Entry read, byte value, int sector, FileState before)
        {
            var here = _writesOf[sector];
            var latest = LatestBefore(here, read.Told);
            if (latest < 0 && before.Sectors[sector].Contains(value))
            {
                return true;
            }

            foreach (var write in here)
            {
                if (write.StampAt(sector) == value && write.Told < read.Answered && write.Over >= latest)
                {
                    return true;
                }
            }

            return false;
        }

        // When the last of the writes was told that were over by then: what was over before it cannot be seen any more.
        private static long LatestBefore(List<Entry> writes, long time)
        {
            var latest = -1L;
            foreach (var write in writes)
            {
                latest = write.Succeeded && write.Answered < time ? Math.Max(latest, write.Told) : latest;
            }

            return latest;
        }
    }
}
