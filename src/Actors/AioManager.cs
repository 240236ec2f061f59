using Akka.Actor;
using Akka.Event;
using AkkaAio.Dispatch;
using AkkaAio.Files;
using AkkaAio.Routing;
using AkkaAio.Shards;
using AkkaAio.Telemetry;

namespace AkkaAio;

/// <summary>
/// Behind <c>system.Aio()</c>: supervises the shards, opens files, closes those whose owner died, adds up the figures. Commands for
/// open files do not pass through here: <c>AioRef</c> routes them on the caller's thread.
/// </summary>
internal sealed class AioManager : UntypedActor
{
    private readonly AioExt _aio;
    private readonly ILoggingAdapter _log = new SafeLog(Context.GetLogger());
    private readonly HashSet<OpenFile> _open = [];
    private readonly Dictionary<IActorRef, OwnedFiles> _owned = [];
    private readonly HashSet<BlockingCommand> _blocking = [];
    private readonly HashSet<int> _undrained = [];
    private readonly List<IActorRef> _drainRequesters = [];

    public AioManager(AioExt aio) => _aio = aio;

    protected override void PreStart()
    {
        // An actor there keeps the threads of the blocking dispatcher: one without any is shut down after each task, by a scheduler that
        // from then on ticks without end.
        var aio = _aio;
        Context.ActorOf(
            Props.Create(() => new EndGuard(aio)).WithDispatcher(AioSettings.DispatcherId("blocking")).WithMailbox(AioMailbox.Id), "end");
        foreach (var shard in _aio.Shards)
        {
            shard.HasEnded = false;
            shard.Ref = Context.ActorOf(
                Props.Create(() => new ShardActor(aio, shard)).WithDispatcher(aio.ShardDispatcher(shard.Index)).WithMailbox(AioMailbox.Id),
                $"shard-{shard.Index}");
            shard.Sender = new GuardedRef(aio.System, shard.Ref);
        }
    }

    // A shard keeps its place whatever happens to it: if one went away, its files would be nobody's.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);

    // It must not fail: its restart would be the end of every file.
    protected override void OnReceive(object message)
    {
        try
        {
            Handle(message);
        }
        catch (Exception e)
        {
            _log.Error(e, "{Message} failed", message.GetType().Name);
            if (message is Aio.Command command)
            {
                Reply(Sender, new Aio.CommandFailed(
                    command, new AioException($"{command.Name}: {e.Message}", e), AioOutcome.NotPerformed));
            }
        }
    }

    private void Handle(object message)
    {
        switch (message)
        {
            case Aio.Open open:
                OnOpen(open);
                break;
            case OpenDone done:
                OnOpenDone(done);
                break;
            case Aio.NameCommand change:
                OnNameCommand(change);
                break;
            case NamesChanged changed:
                OnNamesChanged(changed);
                break;
            case FileClosed closed:
                Forget(closed.File);
                break;
            case Terminated terminated:
                OnOwnerDied(terminated.ActorRef);
                break;
            case Aio.FileCommand or Aio.Batch:
                _aio.Ref.Tell(message, Sender); // told to the manager's own ref, which is what a serialized path resolves to
                break;
            case Aio.GetStats stats:
                Reply(Sender, new Aio.Stats(stats, _aio, _open.Count));
                break;
            case Aio.GetFiles files:
                Reply(Sender, new Aio.Files(files, FileFigures.Of(_aio, _open)));
                break;
            case Drain:
                OnDrain();
                break;
            case Drained drained:
                OnDrained(drained.Shard);
                break;
            case Aio.Closed or Aio.CommandFailed:
                break; // replies to the closes for dead owners
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop()
    {
        _aio.Refuse();
        foreach (var stuck in _blocking)
        {
            // In the kernel. The thread of an open closes the file if it ever gets it.
            if (stuck.TryClaim())
            {
                Reply(stuck.Requester, new Aio.CommandFailed(
                    stuck.Command, new AioAbortedException(stuck.Command.Name, PathOf(stuck.Command), "the actor system has stopped"),
                    AioOutcome.MayHaveHappened));
            }
        }

        // The shards have stopped before: nothing is in flight but what was abandoned, whose descriptors stay open.
        FilesAtEnd.Close([.. _open.Where(file => !file.DescriptorLeaked)], _aio.DrainDeadline, _log);
        foreach (var shard in _aio.Shards)
        {
            shard.Visits.Dispose();
        }

        _aio.ForgottenFiles.Flush();
        _aio.EpollReaper?.Dispose();
        _aio.Meter.Dispose();
        _aio.Pool.Dispose();
    }

    private void OnOpen(Aio.Open open)
    {
        if (IsRefused(open))
        {
            return;
        }

        var opening = new BlockingCommand(open, Sender);
        _blocking.Add(opening);
        if (OwnerOf(opening) is { } owner && _owned.TryGetValue(owner, out var files) && files.MustWait)
        {
            files.Waiting.Enqueue(opening);
        }
        else
        {
            Begin(opening);
        }
    }

    private void Begin(BlockingCommand opening)
    {
        var (self, aio) = (Self, _aio);
        RunBlocking(opening, () =>
        {
            AioFile? file = null;
            var error = AioExt.ErrorOf(() => file = aio.Open(opening.Open, opening.Requester));
            aio.TellManager(new OpenDone(opening, file, error), self);
        });
    }

    private void OnNameCommand(Aio.NameCommand command)
    {
        if (IsRefused(command))
        {
            return;
        }

        var change = new BlockingCommand(command, Sender);
        _blocking.Add(change);
        var (self, aio) = (Self, _aio);
        RunBlocking(change, () => aio.TellManager(new NamesChanged(change, AioExt.ErrorOf(() => command.Perform(aio.Names))), self));
    }

    private void OnNamesChanged(NamesChanged changed)
    {
        var (change, error) = changed;
        var command = (Aio.NameCommand)change.Command;
        _blocking.Remove(change);
        Reply(change.Requester, error is null ? command.Done() : new Aio.CommandFailed(
            command, error, error is AioSystemException { Operation: not "fsync" } ? AioOutcome.NotPerformed : AioOutcome.MayHaveHappened));
    }

    private bool IsRefused(Aio.Command command)
    {
        if (_aio.Refuses)
        {
            Reply(Sender, new Aio.CommandFailed(
                command, new AioClosedException(command.Name, PathOf(command), "the actor system is shutting down"),
                AioOutcome.NotPerformed));
        }

        return _aio.Refuses;
    }

    private void RunBlocking(BlockingCommand command, Action action)
    {
        try
        {
            _aio.RunBlocking(action);
        }
        catch (Exception e) // no thread for it
        {
            _blocking.Remove(command);
            Reply(command.Requester, new Aio.CommandFailed(
                command.Command, new AioException($"{command.Command.Name} {PathOf(command.Command)}: {e.Message}", e),
                AioOutcome.NotPerformed));
        }
    }

    private static string PathOf(Aio.Command command) => command switch
    {
        Aio.Open open => open.Path,
        Aio.NameCommand change => change.Path,
        _ => "",
    };

    private void OnOpenDone(OpenDone done)
    {
        _blocking.Remove(done.Opening);
        if (done.File is not { } file)
        {
            Reply(done.Opening.Requester, new Aio.CommandFailed(done.Opening.Open, done.Error!, AioOutcome.NotPerformed));
            return;
        }

        _open.Add(file.Open);
        if (OwnerOf(done.Opening) is { } owner)
        {
            if (!_owned.TryGetValue(owner, out var files))
            {
                _owned.Add(owner, files = new OwnedFiles(owner));
                Context.Watch(owner);
            }

            files.Files.Add(file.Open);
            file.Open.Owned = files;
        }

        Reply(done.Opening.Requester, new Aio.Opened(done.Opening.Open, file));
    }

    // The temporary ref of an Ask ends with the reply: watching it would close the file at once. Only refs with a cell are actors.
    private static IActorRef? OwnerOf(BlockingCommand opening) =>
        AkkaInternals.AsLocalActor(opening.Open.Options.Owner ?? opening.Requester);

    private void OnOwnerDied(IActorRef owner)
    {
        if (!_owned.Remove(owner, out var files))
        {
            return;
        }

        foreach (var open in files.Files)
        {
            if (open.File is { } file) // else its finalizer is at it
            {
                _aio.Ref.Tell(new Aio.Close(file), Self);
            }
        }

        while (files.Waiting.TryDequeue(out var opening))
        {
            Begin(opening); // its requester may be another, and gets its reply
        }
    }

    private void Forget(OpenFile file)
    {
        _open.Remove(file);
        if (file.Owned is not { } files)
        {
            return;
        }

        files.Remove(file);
        while (!files.MustWait && files.Waiting.TryDequeue(out var opening))
        {
            Begin(opening);
        }

        if (files.Files.Count == 0 && files.Waiting.Count == 0 && _owned.GetValueOrDefault(files.Owner) == files)
        {
            _owned.Remove(files.Owner);
            Context.Unwatch(files.Owner);
        }
    }

    private void Reply(IActorRef requester, Aio.Event reply) => requester.Reply(reply, _aio.Ref, _log);

    private void OnDrain()
    {
        _drainRequesters.Add(Sender);
        _undrained.UnionWith(_aio.Shards.Select(shard => shard.Index));
        foreach (var shard in _aio.Shards)
        {
            shard.Tell(Drain.Instance, Self);
        }
    }

    private void OnDrained(int shard)
    {
        if (!_undrained.Remove(shard) || _undrained.Count > 0)
        {
            return;
        }

        _log.Debug("every shard is drained");
        foreach (var requester in _drainRequesters)
        {
            requester.Tell(Akka.Done.Instance);
        }

        _drainRequesters.Clear();
    }
}
