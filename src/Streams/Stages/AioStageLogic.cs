using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Stage;

namespace AkkaAio.Streams.Stages;

/// <summary>
/// A stage that tells commands and handles their replies on its own thread, one hop after the shard. Whatever ends the stage, buffers in
/// late replies go back to the pool and the file that it has opened is closed.
/// </summary>
internal abstract class AioStageLogic(Shape shape) : TimerGraphStageLogic(shape)
{
    // A stream must not wait without end for buffers that others never give back.
    private const int MostTriesForMemory = 250;
    private static readonly TimeSpan WaitForMemory = TimeSpan.FromMilliseconds(20);

    private readonly Queue<Aio.FileCommand> _refused = new();
    private readonly Queue<Aio.FileCommand> _withoutMemory = new();
    private int _triesForMemory;
    private StageReplyRef? _replies;

    /// <summary>What a command's reply means to the stage. It is the command's token.</summary>
    protected delegate void OnReply(Aio.Event reply);

    protected ActorMaterializer ActorMaterializer => (ActorMaterializer)Materializer;

    protected AioStreamsExt Configured { get; private set; } = null!;

    protected AioExt Ext => Configured.Aio;

    /// <summary>The file that the stage has opened, and that is closed with it.</summary>
    protected AioFile? Owned { get; set; }

    /// <summary>The stage has completed or failed; its PostStop comes next.</summary>
    protected bool HasEnded { get; private set; }

    public sealed override void PreStart()
    {
        try
        {
            Configured = AioStreamsExt.Get(ActorMaterializer.System);
            _replies = new StageReplyRef(Ext, GetAsyncCallback(HandleReplies));
            Start();
        }
        catch (Exception e) // the configuration or a setting is wrong
        {
            Fail(e);
        }
    }

    public sealed override void PostStop()
    {
        HasEnded = true;
        Stopped();
        _replies?.Close();
        if (Owned is not null)
        {
            Ext.Ref.Tell(new Aio.Close(Owned), ActorRefs.Nobody);
        }
    }

    /// <summary>The stage starts.</summary>
    protected abstract void Start();

    /// <summary>The stage has ended, in whatever way: gives back what it holds.</summary>
    protected abstract void Stopped();

    /// <summary>A timer of this stage has gone off.</summary>
    protected virtual void OnTime(object timerKey)
    {
    }

    /// <inheritdoc />
    protected sealed override void OnTimer(object timerKey)
    {
        if (timerKey == _withoutMemory)
        {
            TellAgain(_withoutMemory);
        }
        else
        {
            OnTime(timerKey);
        }
    }

    /// <summary>Ends the stage and its task with a failure.</summary>
    protected virtual void Fail(Exception cause)
    {
        HasEnded = true;
        FailStage(cause);
    }

    /// <summary>Ends the stage.</summary>
    protected void Complete()
    {
        HasEnded = true;
        CompleteStage();
    }

    /// <summary>Tells a command, whose <see cref="Aio.Command.Token"/> is an <see cref="OnReply"/>.</summary>
    protected void Tell(Aio.Command command) => Ext.Ref.Tell(command, _replies);

    /// <summary>Opens the file that this stage owns from then on; or takes the user's own, which is left open.</summary>
    protected void Open(AioFileTarget target, AioOpenOptions options, Action<AioFile> opened)
    {
        if (target.File is { } file)
        {
            opened(file);
            return;
        }

        Tell(new Aio.Open(target.Path!, options with { Owner = options.Owner ?? ActorRefs.Nobody })
        {
            Token = new OnReply(reply =>
            {
                if (reply is Aio.Opened { File: var own })
                {
                    Owned = own;
                    opened(own);
                }
                else
                {
                    Fail(((Aio.CommandFailed)reply).Cause);
                }
            }),
        });
    }

    /// <summary>Closes the file that this stage owns, if any, before the stage ends.</summary>
    protected void CloseOwned(Action closed)
    {
        if (Owned is not { } file)
        {
            closed();
            return;
        }

        Owned = null;
        Tell(new Aio.Close(file) { Token = Then<Aio.Closed>(_ => closed()) });
    }

    /// <summary>What to do on success. Any other reply fails the stage.</summary>
    protected OnReply Then<TEvent>(Action<TEvent> success)
        where TEvent : Aio.Event =>
        reply =>
        {
            if (reply is TEvent expected)
            {
                success(expected);
            }
            else
            {
                Fail(((Aio.CommandFailed)reply).Cause);
            }
        };

    private void HandleReplies()
    {
        while (!HasEnded && _replies!.TryTake(out var reply))
        {
            switch (reply)
            {
                case Aio.CommandFailed { Cause: AioOverloadedException, Command: Aio.FileCommand command }:
                    Refused(command);
                    break;
                case Aio.CommandFailed { Cause: AioBufferBudgetException cause, Command: Aio.FileCommand command }
                    when cause.Requested <= cause.Budget && _triesForMemory < MostTriesForMemory:
                    FoundNoMemory(command);
                    break;
                default:
                    _triesForMemory = 0;
                    ((OnReply)reply!.Token!)(reply);
                    break;
            }
        }
    }

    // The pool does not tell of what comes back to it.
    private void FoundNoMemory(Aio.FileCommand command)
    {
        _withoutMemory.Enqueue(command);
        if (_withoutMemory.Count == 1)
        {
            _triesForMemory++;
            ScheduleOnce(_withoutMemory, WaitForMemory);
        }
    }

    // Refused is not performed: it is told again when there is room.
    private void Refused(Aio.FileCommand command)
    {
        _refused.Enqueue(command);
        if (_refused.Count == 1)
        {
            AwaitRoomFor(command);
        }
    }

    private void TellAgain(Queue<Aio.FileCommand> commands)
    {
        for (var count = commands.Count; count > 0; count--)
        {
            Tell(commands.Dequeue());
        }
    }

    // Told again too where the shard does not tell of room: the command's own refusal says why.
    private void AwaitRoomFor(Aio.FileCommand command) =>
        Tell(new Aio.AwaitRoom(command.File, (command as Aio.TransferCommand)?.Offset ?? 0)
        {
            Token = new OnReply(_ => TellAgain(_refused)),
        });
}
