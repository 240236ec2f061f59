using Xunit;

namespace AkkaAio.Tests.Model;

/// <summary>
/// The model: what was told through one open of a file and answered, with the time of both, and whether a file could have behaved so:
/// barriers keep their order, a Flush and a Dsync write are durable, after a close all is refused. What reads see: <see cref="Content"/>.
/// </summary>
internal sealed class History(bool oneOrder)
{
    private readonly List<Entry> _entries = [];

    public IReadOnlyList<Entry> Entries => _entries;

    public void Add(Entry entry) => _entries.Add(entry);

    /// <summary>Checks all of it, once every command has its reply and the file is closed.</summary>
    /// <param name="dataSyncs">Each successful fdatasync of the file: when it was submitted, and when its completion was there.</param>
    /// <param name="written">What came into the file.</param>
    public void Check(IReadOnlyList<(long Start, long End)> dataSyncs, IReadOnlyList<Written> written)
    {
        CheckMemory();
        CheckRefusals();
        CheckFlushes(dataSyncs);
        CheckDurability(written);
        CheckOrder();
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
            if (entry is { IsWrite: true, Succeeded: true })
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

    // A power cut behind its reply must leave a write with Dsync: every byte came into the file by a write that was durable itself.
    private void CheckDurability(IReadOnlyList<Written> written)
    {
        foreach (var entry in _entries.Where(entry => entry is { IsDsync: true, Succeeded: true }))
        {
            var durable = entry.Transfer.Offset;
            foreach (var part in written
                         .Where(part => part.DataSync && part.At > entry.Told && part.At < entry.Answered)
                         .OrderBy(part => part.Start))
            {
                durable = part.Start <= durable ? Math.Max(durable, part.End) : durable;
            }

            if (durable < entry.End)
            {
                Fail(entry, $"with Dsync, of {entry.Transfer.Length} bytes at {entry.Transfer.Offset}, is durable only up to {durable}");
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
                    (isFlush ? other.IsWrite : other.Command is Aio.TransferCommand or Aio.BarrierCommand))
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

    private static string Name(Entry entry) => $"{entry.Command.Name} {entry.Index}";

    internal static void Fail(Entry entry, string what) => Assert.Fail($"{Name(entry)} {what}");
}
