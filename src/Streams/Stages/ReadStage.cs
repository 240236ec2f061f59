using Akka.Streams;
using Akka.Streams.IO;
using Akka.Streams.Stage;

namespace AkkaAio.Streams.Stages;

/// <summary>A file's bytes in their order, from reads that overlap.</summary>
/// <typeparam name="T">The element.</typeparam>
/// <param name="target">What to read.</param>
/// <param name="settings">How.</param>
/// <param name="toElement">Makes an element of a buffer that it owns from then on.</param>
internal sealed class ReadStage<T>(AioFileTarget target, AioReadSettings settings, Func<AioBuffer, T> toElement)
    : GraphStageWithMaterializedValue<SourceShape<T>, Task<IOResult>>
{
    private readonly Outlet<T> _out = new("AioSource.out");

    public override SourceShape<T> Shape => new(_out);

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("aioSource");

    public override ILogicAndMaterializedValue<Task<IOResult>> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        var logic = new Logic(this, inheritedAttributes);
        return new LogicAndMaterializedValue<Task<IOResult>>(logic, logic.Result);
    }

    public override string ToString() => $"AioSource({target})";

    private AioFileTarget Target => target;

    private AioReadSettings Settings => settings;

    private sealed class Logic : AioStageLogic
    {
        private readonly TaskCompletionSource<IOResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ReadStage<T> _stage;
        private readonly Attributes _attributes;

        // In the order of the file: under way, or read and not pushed yet.
        private readonly Queue<Chunk> _chunks = new();
        private AioFile? _file;
        private int _chunkSize;
        private int _readAhead;
        private long _next;
        private long _end;
        private long _pushed;

        public Logic(ReadStage<T> stage, Attributes attributes)
            : base(stage.Shape)
        {
            (_stage, _attributes) = (stage, attributes);
            SetHandler(stage._out, onPull: PushReady, onDownstreamFinish: Cancelled);
        }

        public Task<IOResult> Result => _result.Task;

        protected override void Start()
        {
            var settings = _stage.Settings;
            _chunkSize = settings.ChunkSizeOr(Configured);
            _readAhead = settings.ReadAheadOr(Configured, _attributes, ActorMaterializer.Settings);
            _next = settings.Start;
            _end = settings.Length is { } length && length < long.MaxValue - _next ? _next + length : long.MaxValue;
            Open(_stage.Target, settings.Open ?? AioOpenOptions.Default, file =>
            {
                _file = file;
                ReadAhead();
                PushReady();
            });
        }

        protected override void Stopped()
        {
            foreach (var chunk in _chunks)
            {
                chunk.Data?.Dispose();
            }

            _result.TrySetException(new AbruptStageTerminationException(this));
        }

        protected override void Fail(Exception cause)
        {
            _result.TrySetResult(IOResult.Failed(_pushed, cause));
            base.Fail(cause);
        }

        private void Cancelled(Exception cause)
        {
            _result.TrySetResult(cause is SubscriptionWithCancelException.NonFailureCancellation
                ? IOResult.Success(_pushed)
                : IOResult.Failed(_pushed, cause));
            Complete();
        }

        // As far as the file is known to reach; at its end one read at a time looks whether it has grown.
        private void ReadAhead()
        {
            while (_chunks.Count < _readAhead && _next < _end && (_next < _file!.Length || _chunks.Count == 0))
            {
                var chunk = new Chunk((int)Math.Min(_chunkSize, _end - _next));
                _chunks.Enqueue(chunk);
                Tell(new Aio.RentRead(_file!, _next, chunk.Length)
                {
                    Token = new OnReply(reply =>
                    {
                        (chunk.Data, chunk.Failure) = ((reply as Aio.RentReadCompleted)?.Buffer, (reply as Aio.CommandFailed)?.Cause);
                        PushReady();
                    }),
                });
                _next += chunk.Length;
            }
        }

        private void PushReady()
        {
            while (!HasEnded && _file is not null)
            {
                if (!_chunks.TryPeek(out var chunk))
                {
                    Finish(); // everything asked for has been pushed
                }
                else if (chunk.Failure is { } cause)
                {
                    Fail(cause);
                }
                else if (chunk.Data is { Length: 0 })
                {
                    Finish();
                }
                else if (chunk.Data is { } data && IsAvailable(_stage._out))
                {
                    PushFirst(chunk, data);
                }
                else
                {
                    break;
                }
            }
        }

        private void PushFirst(Chunk chunk, AioBuffer data)
        {
            _chunks.Dequeue();
            var isLast = data.Length < chunk.Length;
            if (!isLast)
            {
                ReadAhead();
            }

            _pushed += data.Length;
            Push(_stage._out, _stage.ToElement(data));
            if (isLast)
            {
                Finish();
            }
        }

        private void Finish()
        {
            _result.TrySetResult(IOResult.Success(_pushed));
            Complete();
        }
    }

    private T ToElement(AioBuffer data) => toElement(data);

    /// <summary>One read. Its data, or why there is none: once it has its reply.</summary>
    private sealed class Chunk(int length)
    {
        public int Length => length;

        public AioBuffer? Data { get; set; }

        public Exception? Failure { get; set; }
    }
}
