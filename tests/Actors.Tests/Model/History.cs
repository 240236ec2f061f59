using Xunit;

namespace AkkaAio.Tests.Model;

/// <summary>
/// What was told and answered, with the time of both, and whether a file could have behaved so: a read sees the last write, or one that
/// was under way at the same time; barriers keep their order; what was not performed is never seen.
/// </summary>
internal sealed class History(int blockSize, int initialBlocks, int blocks)
{
    /// <summary>The content before any write.</summary>
    private const byte Zero = 0;

    private readonly List<Entry> _entries = [];

    public sealed class Entry(Aio.Command command, long told, byte stamp)
    {
        public Aio.Command Command => command;

        public long Told => told;

        /// <summary>What a write fills its blocks with.</summary>
        public byte Stamp => stamp;

        public long Answered { get; set; } = long.MaxValue;

        public Aio.Event? Reply { get; set; }

        /// <summary>What a read gave.</summary>
        public byte[]? Bytes { get; set; }

        public bool Succeeded => Reply is not Aio.CommandFailed;

        public bool NotPerformed => Reply is Aio.CommandFailed { Outcome: AioOutcome.NotPerformed };

        /// <summary>From when on it certainly does nothing any more: a cancelled or failed write may go on unseen.</summary>
        public long Over => Succeeded || NotPerformed ? Answered : long.MaxValue;

        public bool Covers(int block, int size) =>
            command is Aio.Write write && write.Offset <= (long)block * size && write.Offset + write.Length >= (block + 1L) * size;
    }

    public IEnumerable<Aio.Command> Commands => _entries.Select(entry => entry.Command);

    public Entry Add(Aio.Command command, long told, byte stamp = 0)
    {
        var entry = new Entry(command, told, stamp);
        _entries.Add(entry);
        return entry;
    }

    public void Check(byte[] finalContent)
    {
        CheckBarriers();
        var state = Enumerable.Range(0, blocks).Select(_ => new HashSet<byte> { Zero }).ToArray();
        var (least, most) = ((long)initialBlocks * blockSize, (long)initialBlocks * blockSize);
        var epoch = new List<Entry>();
        foreach (var entry in _entries)
        {
            if (entry.Command is not (Aio.SetLength or Aio.Allocate) || !entry.Succeeded)
            {
                epoch.Add(entry);
                continue;
            }

            CheckReads(epoch, state, least, most);
            state = After(epoch, state);
            (least, most) = LengthAfter(epoch, least, most);
            epoch.Clear();
            if (entry.Command is Aio.SetLength set)
            {
                (least, most) = (set.Length, set.Length);
                for (var block = (int)((set.Length + blockSize - 1) / blockSize); block < blocks; block++)
                {
                    state[block] = [Zero];
                }
            }
            else if (entry.Command is Aio.Allocate allocate)
            {
                (least, most) = (Math.Max(least, allocate.Offset + allocate.Length), Math.Max(most, allocate.Offset + allocate.Length));
            }
        }

        CheckReads(epoch, state, least, most);
        state = After(epoch, state);
        (least, most) = LengthAfter(epoch, least, most);
        Assert.InRange(finalContent.Length, least, most);
        for (var i = 0; i < finalContent.Length; i++)
        {
            Assert.True(state[i / blockSize].Contains(finalContent[i]),
                $"byte {i} of the closed file is {finalContent[i]}, not one of {string.Join(" ", state[i / blockSize])}");
        }
    }

    private void CheckBarriers()
    {
        var failedFlush = long.MaxValue;
        foreach (var entry in _entries.Where(entry => entry.Command is Aio.Flush).OrderBy(entry => entry.Answered))
        {
            if (entry.Reply is Aio.CommandFailed { Cause: AioSystemException })
            {
                failedFlush = Math.Min(failedFlush, entry.Answered);
            }

            Assert.False(entry.Succeeded && entry.Answered > failedFlush, "a flush succeeded after one had failed");
        }

        foreach (var (barrier, index) in _entries.Select((entry, index) => (entry, index)))
        {
            if (barrier.Command is not Aio.BarrierCommand || !barrier.Succeeded)
            {
                continue;
            }

            var isFlush = barrier.Command is Aio.Flush;
            foreach (var earlier in _entries.Take(index).Where(entry => isFlush ? entry.Command is Aio.Write : entry.Command is not Aio.Cancel))
            {
                Assert.True(earlier.Answered < barrier.Answered,
                    $"{barrier.Command.Name} was answered before {earlier.Command.Name}, which was told before it");
            }

            foreach (var later in _entries.Skip(index + 1).Where(entry => !isFlush && entry.Succeeded && entry.Command is Aio.TransferCommand))
            {
                Assert.True(later.Answered > barrier.Answered,
                    $"{barrier.Command.Name} was answered after {later.Command.Name}, which was told behind it");
            }
        }
    }

    private void CheckReads(List<Entry> epoch, HashSet<byte>[] state, long least, long most)
    {
        var writes = epoch.Where(entry => entry.Command is Aio.Write && !entry.NotPerformed).ToArray();
        foreach (var read in epoch.Where(entry => entry.Bytes is not null))
        {
            var command = (Aio.TransferCommand)read.Command;
            var bytes = read.Bytes!;
            var surely = writes.Where(write => write.Succeeded && write.Answered < read.Told).Aggregate(least, EndOf);
            var perhaps = writes.Where(write => write.Told < read.Answered).Aggregate(most, EndOf);
            Assert.InRange(
                bytes.Length, Math.Clamp(surely - command.Offset, 0, command.Length), Math.Clamp(perhaps - command.Offset, 0, command.Length));
            for (var i = 0; i < bytes.Length; i++)
            {
                var block = (int)((command.Offset + i) / blockSize);
                Assert.True(CanSee(bytes[i], block, read, writes, state[block]),
                    $"a read of {command.Length} bytes at {command.Offset} gave {bytes[i]} for byte {i}, which nobody wrote there by then");
            }
        }

        static long EndOf(long end, Entry entry) => Math.Max(end, ((Aio.Write)entry.Command).Offset + ((Aio.Write)entry.Command).Length);
    }

    private bool CanSee(byte value, int block, Entry read, Entry[] writes, HashSet<byte> start)
    {
        var here = writes.Where(write => write.Covers(block, blockSize)).ToArray();
        var before = here.Where(write => write.Succeeded && write.Answered < read.Told).ToArray();
        return (start.Contains(value) && before.Length == 0) || here.Any(write =>
            write.Stamp == value && write.Told < read.Answered && !before.Any(other => other.Told > write.Over));
    }

    // What each block may hold once everything of an epoch is over.
    private HashSet<byte>[] After(List<Entry> epoch, HashSet<byte>[] state)
    {
        var writes = epoch.Where(entry => entry.Command is Aio.Write && !entry.NotPerformed).ToArray();
        return [.. state.Select((start, block) =>
        {
            var here = writes.Where(write => write.Covers(block, blockSize)).ToArray();
            var sure = here.Where(write => write.Succeeded).ToArray();
            var values = here.Where(write => !sure.Any(other => other.Told > write.Over)).Select(write => write.Stamp).ToHashSet();
            values.UnionWith(sure.Length == 0 ? start : []);
            return values;
        })];
    }

    private static (long Least, long Most) LengthAfter(List<Entry> epoch, long least, long most)
    {
        foreach (var entry in epoch.Where(entry => entry.Command is Aio.Write && !entry.NotPerformed))
        {
            var write = (Aio.Write)entry.Command;
            most = Math.Max(most, write.Offset + write.Length);
            least = entry.Succeeded ? Math.Max(least, write.Offset + write.Length) : least;
        }

        return (least, most);
    }
}
