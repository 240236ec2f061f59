using Akka.Actor;

namespace AkkaAio.Samples.Journal;

/// <summary>
/// A write-ahead log. <see cref="Append"/> is answered with <see cref="Appended"/> when the record is on the disk; what comes while a write
/// is under way goes together into the next one (group commit). At its start it reads the log, and goes on behind the last whole batch.
/// At any failure it stops: the next one, started by its supervisor, finds out what is on the disk.
/// </summary>
internal sealed class JournalActor : ReceiveActor
{
    private readonly AioExt _aio = AioExt.Get(Context.System);
    private readonly Queue<(byte[] Record, IActorRef Requester)> _waiting = new();
    private readonly List<IActorRef> _writing = [];
    private readonly LogEnd _end = new();
    private AioFile? _file;
    private AioBuffer? _batch; // what is being written
    private bool _isRecovered;

    // recovered is called with each record that the log has, in order, and then with null.
    public JournalActor(string path, Action<long, byte[]?> recovered)
    {
        Receive<Append>(append => append.Record.Length > 0 && Batch.LengthOf(1, append.Record.Length) <= Batch.MostBytes, append =>
        {
            _waiting.Enqueue((append.Record, Sender));
            WriteBatch();
        });
        Receive<Append>(append => Sender.Tell(new Status.Failure(new ArgumentException($"a record of {append.Record.Length} bytes"))));
        Receive<Recovered>(_ =>
        {
            recovered(_end.Next, null);
            _isRecovered = true;
            WriteBatch();
        });
        Receive<Written>(_ =>
        {
            var number = _end.Next - _writing.Count;
            _writing.ForEach(requester => requester.Tell(new Appended(number++)));
            _writing.Clear();
            _batch!.Dispose();
            _batch = null;
            WriteBatch();
        });
        Receive<Status.Failure>(failure => throw failure.Cause);
        RecoverAsync(path, recovered).PipeTo(Self, success: () => new Recovered());
    }

    protected override void PostStop()
    {
        var failed = new Status.Failure(new IOException("the journal has failed: the record may be in it or not"));
        _writing.Concat(_waiting.Select(waiting => waiting.Requester)).ToList().ForEach(requester => requester.Tell(failed));
        _batch?.Dispose(); // a write that is under way keeps it
        _ = _file?.DisposeAsync().AsTask(); // comes behind that write
    }

    // Exclusive: not before the write of one that has failed is done, and no other process beside.
    private async Task RecoverAsync(string path, Action<long, byte[]?> recovered)
    {
        var options = new AioOpenOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, GrowAhead = 16 << 20 };
        _file = await _aio.OpenAsync(path, options with { Lock = FileLockMode.Exclusive });
        await _aio.SyncFolderAsync(Path.GetDirectoryName(Path.GetFullPath(path))!); // a new file's name
        bool isBatch;
        do
        {
            using var block = await _file.RentReadAsync(_end.Offset, Batch.Block);
            var length = _end.LengthOfNext(block.GetSpan());
            using var batch = await _file.RentReadAsync(_end.Offset, length);
            isBatch = _end.Take(batch.GetSpan(), length, (number, record) => recovered(number, record.ToArray()));
        }
        while (isBatch);
    }

    private void WriteBatch()
    {
        if (!_isRecovered || _batch is not null || _waiting.Count == 0)
        {
            return; // one write at a time
        }

        var (records, bytes) = (new List<byte[]>(), 0L);
        while (_waiting.TryPeek(out var first) && Batch.LengthOf(records.Count + 1, bytes + first.Record.Length) <= Batch.MostBytes)
        {
            records.Add(first.Record);
            bytes += first.Record.Length;
            _writing.Add(_waiting.Dequeue().Requester);
        }

        var offset = _end.Offset;
        _batch = _aio.Pool.Rent(Batch.LengthOf(records.Count, bytes)); // aligned: written from where it is
        _end.Write(_batch.GetSpan(), records);
        _file!.WriteAsync(_batch.Memory, offset, AioDurability.Dsync).AsTask().PipeTo(Self, success: () => new Written());
    }

    private sealed record Recovered;
    private sealed record Written;
}

internal sealed record Append(byte[] Record);
internal sealed record Appended(long Number);
