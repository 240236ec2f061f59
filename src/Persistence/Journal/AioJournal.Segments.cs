using System.Buffers.Binary;
using Akka.Actor;
using Akka.Event;
using AkkaAio.Persistence.Format;
using AkkaAio.Persistence.Index;
using AkkaAio.Persistence.Journal;
using AkkaAio.Persistence.Log;
using AkkaAio.Persistence.Reading;

namespace AkkaAio.Persistence;

// What becomes of segments that are full: they get a footer, and are given back when all of their events are deleted.
public sealed partial class AioJournal
{
    private readonly SortedSet<long> _withFooter = []; // sealed, and their footer is on the disk
    private (long Segment, UInt128 Hash, long Highest)? _live; // an event that keeps the oldest segment
    private bool _isReclaiming;

    void ILogHost<JournalAppend>.OnSealed(Segment segment, uint lastCrc) => WriteFooter(
        () => Task.FromResult(segment.File), segment.Header, segment.End, lastCrc, _index.Seal((int)segment.Number));

    // What a recovery found: footers, and segments that lost theirs.
    private void OpenSegmentsOf(JournalVisitor found)
    {
        _live = null;
        _withFooter.Clear();
        _withFooter.UnionWith(found.WithFooter);
        foreach (var lost in found.WithoutFooter)
        {
            WriteFooter(
                () => _files!.Aio.OpenAsync(_files.Folder.PathOf(lost.Header.Number), _files.Open), lost.Header, lost.End, lost.LastCrc,
                lost.Index);
        }
    }

    private void WriteFooter(Func<Task<AioFile>> open, SegmentHeader header, long end, uint lastCrc, SealedIndex sealedIndex)
    {
        var index = _index;
        WriteAndCloseAsync().PipeTo(
            Self,
            success: () => new FooterWritten(index, header.Number, null),
            failure: cause => new FooterWritten(index, header.Number, cause));

        async Task WriteAndCloseAsync()
        {
            var file = await open().ConfigureAwait(false);
            await using (file.ConfigureAwait(false))
            {
                await new FooterWriter(file, header, end, lastCrc, sealedIndex).RunAsync().ConfigureAwait(false);
            }
        }
    }

    private void OnFooterWritten(FooterWritten written)
    {
        if (written.Cause is not null)
        {
            _log.Log(
                _store.Loudness(LogLevel.WarningLevel), written.Cause,
                "The footer of segment {Segment} was not written; the next start makes it from the events", written.Segment);
        }
        else if (written.Index == _index)
        {
            _index.Unload((int)written.Segment);
            _withFooter.Add(written.Segment);
            Reclaim();
        }
    }

    // Looks whether the oldest segment can go. The event that kept it the last time is looked at first.
    private void Reclaim()
    {
        if (_isReclaiming || !_isOpen || _withFooter.Count == 0 || IsLive(_live))
        {
            return;
        }

        _isReclaiming = true;
        var (number, index) = (_withFooter.Min, _index);
        ExamineAsync(number).PipeTo(
            Self, success: ids => new Examined(index, number, ids, null), failure: cause => new Examined(index, number, [], cause));
    }

    private bool IsLive((long Segment, UInt128 Hash, long Highest)? live) =>
        live is { } kept && kept.Segment == _withFooter.Min && _index.Ids.GetOrAdd(kept.Hash).DeletedTo < kept.Highest;

    private async Task<List<(UInt128 Hash, long Highest)>> ExamineAsync(long number)
    {
        var segment = await _segments!.GetAsync(number).ConfigureAwait(false);
        var footer = await OpenSegments.FooterOfAsync(segment).ConfigureAwait(false);
        var ids = new List<(UInt128, long)>();
        await footer.VisitAsync(segment.File, (in FooterPage.Reader entry) =>
            ids.Add((entry.Hash, entry.Events.Count > 0 ? entry.Events[^1].SequenceNr : 0))).ConfigureAwait(false);
        return ids;
    }

    private void OnExamined(Examined examined)
    {
        _isReclaiming = false;
        if (examined.Cause is not null)
        {
            _log.Log(_store.Loudness(LogLevel.WarningLevel), examined.Cause, "Segment {Segment} cannot be looked at, and is kept",
                examined.Segment);
            return;
        }

        if (examined.Index != _index || !_isOpen)
        {
            return; // recovered meanwhile
        }

        foreach (var (hash, highest) in examined.Ids)
        {
            if (highest > _index.Ids.GetOrAdd(hash).DeletedTo)
            {
                _live = (examined.Segment, hash, highest);
                return;
            }
        }

        Release(examined);
    }

    // What its ids were last heard of in it goes on in the log: a persistence id never gets a sequence number twice.
    private void Release(Examined examined)
    {
        if (_keeper!.Writer is not { HasRoom: true } writer)
        {
            return; // the next durable batch comes back here
        }

        _isReclaiming = true;
        var batch = default(Batch<JournalAppend>);
        foreach (var (hash, _) in examined.Ids)
        {
            ref readonly var state = ref _index.Ids.GetOrAdd(hash);
            if (state.LastSegment == examined.Segment)
            {
                batch = AddState(state, writer);
            }
        }

        if (batch is null)
        {
            Remove(examined.Segment);
            return;
        }

        batch.Appends.Add(new JournalAppend(new RemoveSegment(examined.Segment)));
        writer.Pump();
    }

    private static Batch<JournalAppend> AddState(in PersistenceIdState state, LogWriter<JournalAppend> writer)
    {
        Span<byte> payload = stackalloc byte[RecordView.StateSize];
        BinaryPrimitives.WriteInt64LittleEndian(payload, state.Highest);
        BinaryPrimitives.WriteUInt128LittleEndian(payload[sizeof(long)..], state.Hash);
        var record = new RecordFields
        {
            Type = RecordType.State,
            SequenceNr = state.DeletedTo,
            Ticks = DateTime.UtcNow.Ticks,
            Payload = payload,
        };
        var batch = writer.Reserve(record.Size);
        batch.Add(record);
        return batch;
    }

    private void Remove(long number)
    {
        _index.Oldest = number + 1;
        _withFooter.Remove(number);
        _segments!.Forget(number);
        RemoveAsync(number).PipeTo(Self, success: () => new Removed(number, null), failure: cause => new Removed(number, cause));
    }

    private async Task RemoveAsync(long number)
    {
        await _replays!.WhenDoneAsync().ConfigureAwait(false); // one may have it open
        var (folder, aio) = (_files!.Folder, _files.Aio);
        if (folder.Spares().Length == 0)
        {
            await aio.RenameAsync(folder.PathOf(number), folder.PathOfSpare(number)).ConfigureAwait(false);
        }
        else
        {
            await aio.DeleteAsync(folder.PathOf(number)).ConfigureAwait(false);
        }
    }

    private void OnRemoved(Removed removed)
    {
        _isReclaiming = false;
        if (removed.Cause is not null)
        {
            _log.Log(
                _store.Loudness(LogLevel.WarningLevel), removed.Cause,
                "Segment {Segment}, whose events are all deleted, cannot be removed", removed.Segment);
        }

        Reclaim();
    }

    private sealed record FooterWritten(JournalIndex Index, long Segment, Exception? Cause);

    private sealed record Examined(JournalIndex Index, long Segment, List<(UInt128 Hash, long Highest)> Ids, Exception? Cause);

    private sealed record RemoveSegment(long Segment);

    private sealed record Removed(long Segment, Exception? Cause);
}
