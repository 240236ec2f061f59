using Akka.Streams;
using Akka.Streams.Stage;

namespace AkkaAio.Streams.Stages;

/// <summary>An operation for each element, many at once.</summary>
/// <param name="parallelism">The most elements under way, or done and not pulled yet.</param>
/// <param name="isOrdered">Results come in the order of their elements.</param>
/// <param name="commandOf">The command of an element, with this token.</param>
/// <param name="resultOf">The result of an element, from the reply to its command.</param>
/// <param name="giveBack">Disposes what a result holds.</param>
internal sealed class TransferStage<TIn, TOut>(
    int parallelism, bool isOrdered, Func<TIn, object, Aio.FileCommand> commandOf, Func<TIn, Aio.Event, TOut> resultOf,
    Action<TOut> giveBack)
    : GraphStage<FlowShape<TIn, TOut>>
{
    private readonly Inlet<TIn> _in = new("AioFlow.in");
    private readonly Outlet<TOut> _out = new("AioFlow.out");
    private readonly int _parallelism = Limits.Check(parallelism, Limits.MostWindow, nameof(parallelism));

    public override FlowShape<TIn, TOut> Shape => new(_in, _out);

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("aioFlow");

    protected override GraphStageLogic CreateLogic(Attributes inheritedAttributes) => new Logic(this);

    private Aio.FileCommand CommandOf(TIn element, object token) => commandOf(element, token);

    private TOut ResultOf(TIn element, Aio.Event reply) => resultOf(element, reply);

    private void GiveBack(TOut result) => giveBack(result);

    private bool IsOrdered => isOrdered;

    private sealed class Logic : AioStageLogic
    {
        private readonly TransferStage<TIn, TOut> _stage;

        // Ordered: all elements in the flow. Otherwise those that are done.
        private readonly Queue<Transfer> _transfers = new();
        private int _count;

        public Logic(TransferStage<TIn, TOut> stage)
            : base(stage.Shape)
        {
            _stage = stage;
            SetHandler(stage._in, onPush: Accept, onUpstreamFinish: PushReady, onUpstreamFailure: Fail);
            SetHandler(stage._out, onPull: PushReady);
        }

        protected override void Start() => Pull(_stage._in);

        protected override void Stopped()
        {
            foreach (var transfer in _transfers)
            {
                if (transfer is { IsDone: true, Failure: null })
                {
                    _stage.GiveBack(transfer.Result);
                }
            }
        }

        private void Accept()
        {
            var element = Grab(_stage._in);
            var transfer = new Transfer();
            Aio.FileCommand command;
            try
            {
                command = _stage.CommandOf(element, new OnReply(reply => Done(transfer, element, reply)));
            }
            catch (Exception e) // a disposed buffer
            {
                Fail(e);
                return;
            }

            _count++;
            if (_stage.IsOrdered)
            {
                _transfers.Enqueue(transfer);
            }

            Tell(command);
            PullMore();
        }

        private void Done(Transfer transfer, TIn element, Aio.Event reply)
        {
            transfer.IsDone = true;
            if (reply is Aio.CommandFailed failed)
            {
                transfer.Failure = failed.Cause;
            }
            else
            {
                transfer.Result = _stage.ResultOf(element, reply);
            }

            if (!_stage.IsOrdered)
            {
                _transfers.Enqueue(transfer);
            }

            PushReady();
        }

        private void PushReady()
        {
            if (_transfers.TryPeek(out var first) && first.IsDone)
            {
                if (first.Failure is { } failure)
                {
                    Fail(failure);
                    return;
                }

                if (IsAvailable(_stage._out))
                {
                    _transfers.Dequeue();
                    _count--;
                    Push(_stage._out, first.Result);
                    PullMore();
                }
            }

            if (_count == 0 && IsClosed(_stage._in))
            {
                Complete();
            }
        }

        private void PullMore()
        {
            if (_count < _stage._parallelism && !HasBeenPulled(_stage._in) && !IsClosed(_stage._in))
            {
                Pull(_stage._in);
            }
        }

        private sealed class Transfer
        {
            public bool IsDone { get; set; }

            public Exception? Failure { get; set; }

            public TOut Result { get; set; } = default!;
        }
    }
}
