using Akka.Actor;
using Akka.Event;
using AkkaAio.Cluster.Disks;
using AkkaAio.Cluster.Logs;
using AkkaAio.Interop.Files;

namespace AkkaAio.Cluster.Owner;

// How the file is opened, by the first request for it, and closed.
internal sealed partial class FileOwner
{
    private const int FileIdBytes = 16;

    private void Load(Wire.Request request, IActorRef requester)
    {
        if (_disk.TryHold(_address.Name, Self) is not { } hold)
        {
            requester.Tell(Replies.Failure(Wire.FailureKind.FailureMoving, $"{_address}: this node has not the lease of its shard"));
            return;
        }

        var mayMake = request.Open is { Create: true } && request.Epoch == _makeEpoch && _makeEpoch != 0;
        (_isBusy, _loading) = (true, (request, requester));
        _place = _cluster.OpenFiles.Enter(Self);
        _ = LoadAsync(Self);

        async Task LoadAsync(IActorRef self)
        {
            Loaded loaded;
            var isNew = false;
            try
            {
                (var facts, isNew) = await _cluster.RunBlocking(() => FactsFor(request, mayMake)).ConfigureAwait(false);
                var open = facts is null ? null : await OpenAsync(facts, hold, self).ConfigureAwait(false);
                loaded = new Loaded(request, requester, open, null) { WasMade = isNew, Epoch = hold.Epoch };
            }
            catch (Exception e)
            {
                // The folder is synced when the file has its name already.
                var mayBeThere = isNew || (mayMake && e is AioSystemException { Operation: "fsync" });
                loaded = new Loaded(request, requester, null, e) { WasMade = mayBeThere };
            }

            hold.GiveBack(); // an open file has kept it

            self.Tell(loaded, ActorRefs.NoSender);
        }
    }

    // Blocking thread.
    private (FileFacts? Facts, bool IsNew) FactsFor(Wire.Request request, bool mayMake)
    {
        if (_disk.Look(_address.Name) is { } there)
        {
            if (WasMadeBy(request.Open, there))
            {
                _disk.SyncFolderOf(_address.Name); // the owner that made it may have ended before that
            }

            return (there, false);
        }

        if (request.OperationCase == Wire.Request.OperationOneofCase.Delete)
        {
            _disk.SyncFolderOf(_address.Name); // the one that removed it may have ended before that
        }

        if (!mayMake)
        {
            return (null, false);
        }

        try
        {
            var kind = request.Open.Kind == Wire.Kind.Log ? Wire.Kind.Log : Wire.Kind.Plain;
            return (_disk.Create(_address.Name, kind, NewIdOf(request.Open) ?? Guid.NewGuid()), true);
        }
        catch (AioSystemException e) when (e.Errno == Errno.EEXIST)
        {
            return (_disk.Look(_address.Name), false); // made since, by an owner that has ended; a folder is refused here
        }
    }

    // Null: its sender gives none.
    private static Guid? NewIdOf(Wire.OpenFile? request) =>
        request is { Create: true, NewId.Length: FileIdBytes } ? new Guid(request.NewId.Span, bigEndian: true) : null;

    // By this request, told before, whose answer may have been lost.
    private static bool WasMadeBy(Wire.OpenFile? request, FileFacts facts) => NewIdOf(request) == facts.Id;

    private async Task<OpenedFile> OpenAsync(FileFacts facts, FileHold hold, IActorRef self)
    {
        // Buffered: requests come with any offset and length, and the page cache serves what many nodes read. Dsync and Flush make the
        // bytes durable.
        var file = await _cluster.Aio.OpenAsync(_address.Name, new AioOpenOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.ReadWrite,
            Direct = DirectIo.Off,
            Below = _disk.Files,
            Owner = self,
            Lock = _disk.FileLock,
            Opened = hold.Keep,
            Closed = hold.GiveBack,
        }).ConfigureAwait(false);
        try
        {
            var epoch = hold.Epoch;
            var end = file.Length;
            string? damage = null;
            if (facts.Kind == Wire.Kind.Log)
            {
                var found = await LogScan.FindEndAsync(file, epoch).ConfigureAwait(false);
                if (found.WholeBehind is { } whole)
                {
                    damage = $"{_address} is damaged at {found.End}: behind it, at {whole}, there is a whole frame. " +
                             "Nothing is appended, and nothing was cut off. " +
                             $"Read it from 0 to {found.End} and from {whole} on, or restore it from a copy";
                    _log.Error("{Damage}", damage);
                }
                else if (found.End < file.Length)
                {
                    // Appends of which none was acknowledged, or part of one: behind them the next would not be found.
                    await file.SetLengthAsync(found.End).ConfigureAwait(false);
                    end = found.End;
                }
            }

            // Behind the lock: the owner before may still have changed it.
            var lostUpTo = await _cluster.RunBlocking(() => UnflushedMark.Of((LinuxFile)file.Handle)).ConfigureAwait(false);
            return new OpenedFile(file, facts, hold, end) { LostUpTo = lostUpTo, Damage = damage };
        }
        catch
        {
            await file.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private void OnLoaded(Loaded loaded)
    {
        (_isBusy, _loading) = (false, null);
        if (loaded.Opened is { } open)
        {
            (_open, _end, _epoch, _mark) = (open, open.End, open.Epoch, null);
            _makeEpoch = 0;
            Context.SetReceiveTimeout(Settings.PassivateAfter);
            (_durableEnd, _undurableEnd) = (0, open.End); // an owner that was killed may have left anything
            _clients.Clear(); // of another epoch
            _log.Debug("{Path} is open in the shard {ShardId}, epoch {Epoch}", _address, Context.Parent.Path.Name, open.Epoch);
            if (loaded.WasMade)
            {
                loaded.Requester.Tell(Replies.Opened(open, _end, Settings.ClientCredit));
            }
            else if (_stops)
            {
                loaded.Requester.Tell(MovingReply());
            }
            else
            {
                Handle(loaded.Request, loaded.Requester);
            }
        }
        else
        {
            _place?.Dispose();
            _place = null;
            loaded.Requester.Tell(loaded.Error is { } error ? Replies.Failure(error, loaded.WasMade) : NotFound(loaded));
        }

        GoOn();
    }

    // A client that wants to make the file is told an epoch that does it, once. So a duplicate of its request that comes when the file was
    // made and deleted again makes nothing: it has an epoch that was used.
    private Wire.Reply NotFound(Loaded loaded)
    {
        var reply = Replies.Failure(Wire.FailureKind.FailureNotFound, $"{_address} does not exist", errno: Errno.ENOENT);
        if (loaded.Request.Open is { Create: true })
        {
            _makeEpoch = _makeEpoch == 0 ? loaded.Epoch : _makeEpoch;
            reply.Failure.MakeEpoch = _makeEpoch;
        }

        return reply;
    }

    // What was acknowledged without being durable is made so: a hand-over loses nothing that a power cut did not.
    private void Close()
    {
        _isBusy = true;
        var (open, end, isBroken, mark) = (_open!, _end, _isBroken, _mark);
        _open = null;
        _ = CloseAsync(Self);

        async Task CloseAsync(IActorRef self)
        {
            try
            {
                if (isBroken && open.File.Length > end && open.Facts.Kind == Wire.Kind.Plain && _brokenAppend)
                {
                    await open.File.SetLengthAsync(end).ConfigureAwait(false); // what failed appends may have left
                }

                await open.File.FlushAsync().ConfigureAwait(false);
                await PutMarkBackAsync(open, mark).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                _log.Error(e, "{Path} could not be flushed at its close: what was acknowledged without Durable may be lost", _address);
            }

            try
            {
                await open.File.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                _log.Error(e, "{Path} could not be closed", _address);
            }

            self.Tell(new FileClosed(), ActorRefs.NoSender);
        }
    }

    private void OnClosed()
    {
        _log.Debug("{Path} is closed", _address);
        (_isBusy, _isBroken, _reopens, _brokenAppend) = (false, false, false, false);
        _clients.Clear();
        _place?.Dispose();
        _place = null;
        Context.SetReceiveTimeout(NoFileLives);
        GoOn();
    }

    private sealed record Loaded(Wire.Request Request, IActorRef Requester, OpenedFile? Opened, Exception? Error)
        : INoSerializationVerificationNeeded
    {
        public bool WasMade { get; init; }

        public ulong Epoch { get; init; }
    }
}
