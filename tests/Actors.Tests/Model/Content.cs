using Xunit;

namespace AkkaAio.Tests.Model;

/// <summary>A write by another process, done at once.</summary>
internal readonly record struct ForeignWrite(long At, long Start, long End, int Stamp);

/// <summary>
/// What reads may see of a file, and what may be in it when it is closed. SetLength and Allocate order what was told through the same
/// open; else only time does: what was answered before another command was told comes before it.
/// </summary>
internal sealed class Content
{
    // Of what was never written, or cut off.
    private const byte Zero = 0;

    // With what files grow ahead by.
    private const int AllSectors = 2 * OpenFile.Sectors;

    private readonly List<Operation> _reads = [];
    private readonly List<Operation> _lengths = [];
    private readonly List<Operation> _cuts = [];
    private readonly List<Operation>[] _changesOf = [.. Enumerable.Range(0, AllSectors).Select(_ => new List<Operation>())];

    /// <param name="initialLength">Of zeros.</param>
    /// <param name="opens">What was told through each open.</param>
    /// <param name="foreign">What another process has written.</param>
    /// <param name="tailsLeft">When zeros stayed behind what was written, with a warning in the log, and up to where.</param>
    public Content(
        long initialLength, IReadOnlyList<Entry>[] opens, IReadOnlyList<ForeignWrite> foreign, IReadOnlyList<(long At, long End)> tailsLeft)
    {
        var initial = new Operation(null, Open: -1, Epoch: 0, Told: 0, Over: 0, 0, initialLength, Surely: true);
        _lengths.Add(initial);
        foreach (var changes in _changesOf)
        {
            changes.Add(initial);
        }

        foreach (var (at, end) in tailsLeft)
        {
            _lengths.Add(new Operation(null, Open: -1, Epoch: 0, at, at, 0, end, Surely: false));
        }

        foreach (var (at, offset, end, stamp) in foreign)
        {
            AddChange(new Operation(null, Open: -1, Epoch: 0, at, at, offset, end, Surely: true) { Stamp = stamp });
        }

        for (var open = 0; open < opens.Length; open++)
        {
            Add(opens[open], open);
        }
    }

    public void Check(byte[] finalContent)
    {
        foreach (var read in _reads)
        {
            Check(read);
        }

        var end = new Operation(null, Open: -1, Epoch: 0, long.MaxValue, long.MaxValue, 0, 0, Surely: true);
        Assert.InRange(finalContent.Length, Least(end), Most(end));
        for (var position = 0; position < finalContent.Length;)
        {
            var sector = position / OpenFile.Sector;
            var rest = finalContent.AsSpan(position..Math.Min((sector + 1) * OpenFile.Sector, finalContent.Length));
            if (!CanSee(end, rest[0], sector))
            {
                Assert.Fail($"byte {position} of the closed file is {rest[0]}, which nobody wrote there, or somebody over it");
            }

            position += LengthOfRun(rest);
        }
    }

    private void Add(IReadOnlyList<Entry> entries, int open)
    {
        // A cancelled command may go on unseen; but not behind the next barrier of its open.
        var over = new long[entries.Count];
        var latest = long.MaxValue - 1;
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            over[i] = Math.Min(entries[i].Over, latest);
            latest = IsBarrier(entries[i]) || entries[i] is { Command: Aio.Close, Succeeded: true } ? over[i] : latest;
        }

        var epoch = 0;
        for (var i = 0; i < entries.Count; i++)
        {
            var isBarrier = IsBarrier(entries[i]);
            epoch += isBarrier ? 1 : 0;
            Add(new Operation(
                    entries[i], open, epoch, entries[i].Told, over[i], StartOf(entries[i]), EndOf(entries[i]), entries[i].Succeeded)
            {
                Stamp = entries[i].Stamp,
            });
            epoch += isBarrier ? 1 : 0;
        }
    }

    private void Add(Operation operation)
    {
        var entry = operation.Entry!;
        if (entry is { Command: Aio.TransferCommand, Bytes: not null })
        {
            _reads.Add(operation);
        }

        if (!entry.NotPerformed && (entry.IsWrite || IsBarrier(entry)))
        {
            AddChange(operation);
        }
    }

    private void AddChange(Operation operation)
    {
        _lengths.Add(operation);
        var (first, last) = (0L, 0L);
        if (operation.IsWrite)
        {
            (first, last) = (operation.Start / OpenFile.Sector, operation.End / OpenFile.Sector);
        }
        else if (operation.Entry!.Command is Aio.SetLength set)
        {
            _cuts.Add(operation);
            (first, last) = (set.Length / OpenFile.Sector, AllSectors);
        }

        for (var sector = first; sector < last; sector++)
        {
            _changesOf[sector].Add(operation);
        }
    }

    private static bool IsBarrier(Entry entry) => entry is { Command: Aio.SetLength or Aio.Allocate, NotPerformed: false };

    private static long StartOf(Entry entry) => entry.Command is Aio.TransferCommand transfer ? transfer.Offset : 0;

    private static long EndOf(Entry entry) => entry.Command switch
    {
        Aio.SetLength set => set.Length,
        Aio.Allocate allocate => allocate.Offset + allocate.Length,
        Aio.TransferCommand => entry.End,
        _ => 0,
    };

    private void Check(Operation read)
    {
        var entry = read.Entry!;
        var bytes = entry.Bytes.AsSpan();
        var (offset, length) = (entry.Transfer.Offset, entry.Transfer.Length);
        var (least, most) = (Least(read), Most(read));
        if (bytes.Length < Math.Clamp(least - offset, 0, length) || bytes.Length > Math.Clamp(most - offset, 0, length))
        {
            History.Fail(entry, $"of {length} bytes at {offset} gave {bytes.Length}; the file was {least} to {most} long");
        }

        for (var position = 0; position < bytes.Length;)
        {
            var sector = (int)((offset + position) / OpenFile.Sector);
            var rest = bytes[position..(int)Math.Min(bytes.Length, ((sector + 1L) * OpenFile.Sector) - offset)];
            if (!CanSee(read, rest[0], sector))
            {
                History.Fail(
                    entry, $"of {length} bytes at {offset} gave {rest[0]} for byte {position}, which nobody wrote there by then");
            }

            position += LengthOfRun(rest);
        }
    }

    // What may be last before it, or is under way at the same time.
    private bool CanSee(Operation read, byte value, int sector) => _changesOf[sector].Exists(change =>
        change.ValueAt(sector) == value && !read.Precedes(change) &&
        !_changesOf[sector].Exists(other => other.Surely && change.Precedes(other) && other.Precedes(read)) &&
        (change.IsWrite || MaySeeHole(read, sector * (long)OpenFile.Sector)));

    // Zeros within the file's length: not by a write that begins there or before. A cut that comes in between may leave them of anything.
    private bool MaySeeHole(Operation read, long at) => MeetsCut(read) || _lengths.Exists(length =>
        length.End > at && (!length.IsWrite || length.Start > at || MeetsCut(length)) && MayReach(length, read));

    private bool MeetsCut(Operation operation) => _cuts.Exists(cut => !cut.Precedes(operation) && !operation.Precedes(cut));

    // It may be done by then, and is not surely cut off again.
    private bool MayReach(Operation length, Operation read) => !read.Precedes(length) &&
        !_cuts.Exists(cut => cut.Surely && cut.End < length.End && length.Precedes(cut) && cut.Precedes(read));

    // Of each that was surely done by then, what is left of it by cuts that may lie in between. What another process writes behind our
    // own end need not be seen at once, but must be there when the file is closed.
    private long Least(Operation read) => _lengths.Where(length =>
        length.Surely && length.Precedes(read) && (read.Entry is null || !length.IsForeign)).Max(length =>
        _cuts.Where(cut => cut != length && !cut.Precedes(length) && !read.Precedes(cut)).Select(cut => cut.End).Append(length.End).Min());

    private long Most(Operation read) => _lengths.Where(length => MayReach(length, read)).Max(length => length.End);

    // A sector is looked at once for each value in it, not once a byte.
    private static int LengthOfRun(ReadOnlySpan<byte> bytes) =>
        bytes.IndexOfAnyExcept(bytes[0]) is var other && other < 0 ? bytes.Length : other;

    /// <param name="Entry">Null: the content before any command, a tail that stayed, or the look at the closed file.</param>
    /// <param name="Open">Through which it was told.</param>
    /// <param name="Epoch">Barriers of this open before it, twice; a barrier's own number is odd.</param>
    /// <param name="Told">It has done nothing before.</param>
    /// <param name="Over">It does nothing any more.</param>
    /// <param name="Start">Where a write begins.</param>
    /// <param name="End">How long it makes the file.</param>
    /// <param name="Surely">It has been done, all of it.</param>
    private sealed record Operation(Entry? Entry, int Open, int Epoch, long Told, long Over, long Start, long End, bool Surely)
    {
        public bool Precedes(Operation other) => Over < other.Told || (Open == other.Open && Open >= 0 && Epoch < other.Epoch);

        /// <summary>What a write fills its sectors with; 0: it is none.</summary>
        public int Stamp { get; init; }

        public bool IsWrite => Stamp > 0;

        public bool IsForeign => IsWrite && Entry is null;

        public byte ValueAt(int sector) => IsWrite ? AkkaAio.Tests.Model.Entry.ValueOf(Stamp, sector) : Zero;
    }
}
