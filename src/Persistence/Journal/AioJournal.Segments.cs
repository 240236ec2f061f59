using Akka.Actor;
using Akka.Event;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Journal;
using AkkaAio.Persistence.Log;

namespace AkkaAio.Persistence;

// What becomes of segments that are full: they get a footer, and are given back when all of their events are deleted.
public sealed partial class AioJournal
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1); // not behind each batch: it would be said each time

    private readonly HashSet<long> _withFooter = []; // sealed, and their footer is on the disk
    private readonly Dictionary<long, SealedSegment> _withoutFooter = []; // sealed, and it could not be written
    private (long Segment, UInt128 Hash, long Highest)? _live; // an event that keeps the oldest segment
    private long _removedTo; // segments up to this number are gone
    private bool _isReclaiming;

    void ILogHost<JournalAppend>.OnSealed(Segment segment, uint lastCrc) => WriteFooter(
        new SealedSegment(segment.Header, segment.End, lastCrc, _index.Seal((int)segment.Number)), () => Task.FromResult(segment.File));

    // What a recovery found: footers, and segments that lost theirs.
    private void OpenSegmentsOf(JournalVisitor found, long current)
    {
        _live = null;
        _withoutFooter.Clear();
        _withFooter.Clear();
        _withFooter.UnionWith(found.WithFooter);
        _index.Oldest = found.Oldest ?? current;
        ForgetRemoved();
        foreach (var lost in found.WithoutFooter.Where(segment => segment.Number > _removedTo))
        {
            WriteFooter(lost);
        }
    }

    private void WriteFooter(SealedSegment segment, Func<Task<AioFile>>? open = null)
    {
        var index = _index;
        WriteAndCloseAsync().PipeTo(
            Self, success: () => new FooterWritten(index, segment, null), failure: cause => new FooterWritten(index, segment, cause));

        async Task WriteAndCloseAsync()
        {
            var opened = open?.Invoke() ?? _files!.Aio.OpenAsync(_files.Folder.PathOf(segment.Number), _files.Open);
            var file = await opened.ConfigureAwait(false);
            await using (file.ConfigureAwait(false))
            {
                await new FooterWriter(file, segment.Header, segment.End, segment.LastCrc, segment.Index).RunAsync().ConfigureAwait(false);
            }
        }
    }

    private void OnFooterWritten(FooterWritten written)
    {
        if (written.Index != _index)
        {
            return; // recovered meanwhile
        }

        var segment = written.Segment;
        if (segment.Number <= _removedTo)
        {
            _index.Unload((int)segment.Number);
        }
        else if (written.Cause is not null)
        {
            _log.Log(
                _store.Loudness(LogLevel.WarningLevel), written.Cause,
                "The footer of segment {Segment} was not written; it is tried again", segment.Number);
            _withoutFooter.Add(segment.Number, segment);
            Timers.StartSingleTimer((nameof(WriteFooter), segment.Number), new WriteFooterAgain(_index, segment), Again);
        }
        else
        {
            _index.Unload((int)segment.Number);
            _withFooter.Add(segment.Number);
        }

        Reclaim();
    }

    private void OnWriteFooterAgain(WriteFooterAgain again)
    {
        if (again.Index == _index && _withoutFooter.Remove(again.Segment.Number))
        {
            WriteFooter(again.Segment);
        }
    }

    // Looks whether the oldest segment can go, and no other: a log without a segment in the middle is damaged. The event that kept it the
    // last time is looked at first.
    private void Reclaim()
    {
        var number = _index.Oldest;
        if (_isReclaiming || !_keeper.IsOpen || IsLive(_live))
        {
            return;
        }

        if (_withoutFooter.TryGetValue(number, out var segment))
        {
            _isReclaiming = true;
            OnExamined(new Examined(_index, number, segment.Index.HighestEvents(), null));
        }
        else if (_withFooter.Contains(number))
        {
            _isReclaiming = true;
            var index = _index;
            ExamineAsync(number).PipeTo(
                Self, success: ids => new Examined(index, number, ids, null), failure: cause => new Examined(index, number, [], cause));
        }
    }

    private void ReclaimLater()
    {
        _isReclaiming = true; // until then
        Timers.StartSingleTimer(nameof(Reclaim), new ReclaimAgain(_index), Again);
    }

    private void OnReclaimAgain(ReclaimAgain again)
    {
        if (again.Index == _index)
        {
            _isReclaiming = false;
            Reclaim();
        }
    }

    private bool IsLive((long Segment, UInt128 Hash, long Highest)? live) =>
        live is { } kept && kept.Segment == _index.Oldest && _index.Ids.GetOrAdd(kept.Hash).DeletedTo < kept.Highest;

    private async Task<List<(UInt128 Hash, long Highest)>> ExamineAsync(long number)
    {
        using var segment = await _segments!.GetAsync(number).ConfigureAwait(false);
        var footer = await segment.FooterAsync().ConfigureAwait(false);
        var ids = new List<(UInt128, long)>();
        await footer.VisitAsync(segment.File, (in FooterPage.Reader entry) =>
            ids.Add((entry.Hash, entry.Events.Count > 0 ? entry.Events[^1].SequenceNr : 0))).ConfigureAwait(false);
        return ids;
    }

    private void OnExamined(Examined examined)
    {
        if (examined.Index != _index)
        {
            return; // recovered meanwhile
        }

        if (examined.Cause is not null)
        {
            _log.Log(_store.Loudness(LogLevel.WarningLevel), examined.Cause, "Segment {Segment} cannot be looked at, and is kept",
                examined.Segment);
            ReclaimLater();
            return;
        }

        _isReclaiming = false;

        foreach (var (hash, highest) in examined.Ids)
        {
            if (highest > _index.Ids.GetOrAdd(hash).DeletedTo)
            {
                _live = (examined.Segment, hash, highest);
                return;
            }
        }

        if (_keeper.IsOpen)
        {
            Release(examined);
        }
    }

    // What its ids were last heard of in it goes on in the log: a persistence id never gets a sequence number twice. And that it was given
    // back: a start refuses a log that misses another one.
    private void Release(Examined examined)
    {
        if (_keeper.Writer is not { } writer)
        {
            return;
        }

        foreach (var (hash, _) in examined.Ids)
        {
            ref readonly var state = ref _index.Ids.GetOrAdd(hash);
            if (state.Newest != -examined.Segment)
            {
                continue;
            }

            if (!writer.HasRoom)
            {
                writer.Pump();
                return; // the next durable batch comes back here
            }

            AddState(RecordFields.StateOf(state.Hash, state.Highest, state.DeletedTo), writer);
        }

        _isReclaiming = true;
        var batch = AddState(RecordFields.StateOf(PersistenceIdHash.OfLog, examined.Segment, examined.Segment), writer);
        batch.Appends.Add(new JournalAppend(new RemoveSegment(examined.Segment)));
        writer.Oldest = examined.Segment + 1;
        writer.Pump();
    }

    private static Batch<JournalAppend> AddState(in RecordFields record, LogWriter<JournalAppend> writer)
    {
        var batch = writer.Reserve(record.Size, makesRoom: true);
        batch.Add(record);
        return batch;
    }

    private void Remove(long number)
    {
        var index = _index;
        _index.Oldest = number + 1;
        RemoveAsync(number).PipeTo(
            Self, success: () => new Removed(index, number, null), failure: cause => new Removed(index, number, cause));
    }

    private async Task RemoveAsync(long number)
    {
        await _replays!.WhenDoneAsync().ConfigureAwait(false); // one may need it
        _segments!.Forget(number);
        var (folder, aio) = (_files!.Folder, _files.Aio);
        try
        {
            await (folder.Spares().Length == 0
                ? aio.RenameAsync(folder.PathOf(number), folder.PathOfSpare(number))
                : aio.DeleteAsync(folder.PathOf(number))).ConfigureAwait(false);
        }
        catch (AioSystemException e) when (e.Errno == Errno.ENOENT)
        {
            await aio.SyncFolderAsync(folder.Path).ConfigureAwait(false); // an earlier try did it, and failed behind that
        }
    }

    private void OnRemoved(Removed removed)
    {
        if (removed.Cause is null)
        {
            _removedTo = Math.Max(_removedTo, removed.Segment);
        }

        if (removed.Index != _index)
        {
            // Recovered meanwhile, and what was found may have it still. While that goes on, the index is the recovery's alone.
            if (_keeper.IsOpen)
            {
                ForgetRemoved();
            }

            return;
        }

        ForgetRemoved();
        if (removed.Cause is null)
        {
            _isReclaiming = false;
            Reclaim();
            return;
        }

        _index.Oldest = removed.Segment; // no younger one goes before it
        ReclaimLater();
        _log.Log(
            _store.Loudness(LogLevel.WarningLevel), removed.Cause,
            "Segment {Segment}, whose events are all deleted, cannot be removed", removed.Segment);
    }

    private void ForgetRemoved()
    {
        _index.Oldest = Math.Max(_index.Oldest, _removedTo + 1);
        _withFooter.RemoveWhere(number => number <= _removedTo);
        foreach (var number in _withoutFooter.Keys.Where(number => number <= _removedTo).ToArray())
        {
            _withoutFooter.Remove(number);
            _index.Unload((int)number);
        }
    }

    private sealed record FooterWritten(JournalIndex Index, SealedSegment Segment, Exception? Cause);

    private sealed record WriteFooterAgain(JournalIndex Index, SealedSegment Segment);

    private sealed record ReclaimAgain(JournalIndex Index);

    private sealed record Examined(JournalIndex Index, long Segment, List<(UInt128 Hash, long Highest)> Ids, Exception? Cause);

    private sealed record RemoveSegment(long Segment);

    private sealed record Removed(JournalIndex Index, long Segment, Exception? Cause);
}
