using Akka.Streams;
using Akka.Streams.IO;
using Akka.Streams.Stage;

namespace AkkaAio.Streams.Stages;

/// <summary>A file's bytes in their order, from reads that overlap.</summary>
/// <typeparam name="T">The element.</typeparam>
/// <param name="target">What to read.</param>
/// <param name="settings">How.</param>
/// <param name="toElement">Makes an element of a part of a buffer: its start and length.</param>
internal sealed class ReadStage<T>(AioFileTarget target, AioReadSettings settings, Func<AioBuffer, int, int, T> toElement)
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
        private readonly Queue<Read> _reads = new();
        private AioFile? _file;
        private int _chunkSize;
        private int _readSize;
        private int _readsAhead;
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
            (_readSize, _readsAhead) = settings.ReadsOr(Configured, Limits.InputBufferOf(_attributes, ActorMaterializer.Settings));
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
            foreach (var read in _reads)
            {
                read.Data?.Dispose();
                Configured.Release(read.Reserved);
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

        // As far as the file is known to reach; at its end one read at a time looks whether it has grown. Where all sources together have
        // no memory for more, one element at a time, so that all go on.
        private void ReadAhead()
        {
            while (_next < _end && (_reads.Count == 0 || (_reads.Count < _readsAhead && _next < _file!.Length)))
            {
                var reserved = Configured.TryReserve(_readSize) ? _readSize : 0;
                if (reserved == 0 && _reads.Count > 0)
                {
                    break;
                }

                var read = new Read((int)Math.Min(reserved == 0 ? _chunkSize : _readSize, _end - _next), reserved);
                _reads.Enqueue(read);
                Tell(new Aio.RentRead(_file!, _next, read.Length)
                {
                    Token = new OnReply(reply =>
                    {
                        (read.Data, read.Failure) = ((reply as Aio.RentReadCompleted)?.Buffer, (reply as Aio.CommandFailed)?.Cause);
                        PushReady();
                    }),
                });
                _next += read.Length;
            }
        }

        private void PushReady()
        {
            while (!HasEnded && _file is not null)
            {
                if (!_reads.TryPeek(out var read))
                {
                    Finish(); // everything asked for has been pushed
                }
                else if (read.Failure is { } cause)
                {
                    Fail(cause);
                }
                else if (read.Data is { } data && read.Pushed == data.Length)
                {
                    End(read, data);
                }
                else if (read.Data is not null && IsAvailable(_stage._out))
                {
                    Push(read, read.Data);
                }
                else
                {
                    break;
                }
            }
        }

        private void Push(Read read, AioBuffer data)
        {
            var start = read.Pushed;
            var count = Math.Min(_chunkSize, data.Length - start);
            read.Pushed += count;
            _pushed += count;
            Push(_stage._out, _stage.ToElement(data, start, count));
        }

        // All of it has been pushed. Where it is shorter than what was asked for, the file has ended.
        private void End(Read read, AioBuffer data)
        {
            var isLast = data.Length < read.Length;
            _reads.Dequeue();
            data.Dispose();
            Configured.Release(read.Reserved);
            if (isLast)
            {
                Finish();
            }
            else
            {
                ReadAhead();
            }
        }

        private void Finish()
        {
            _result.TrySetResult(IOResult.Success(_pushed));
            Complete();
        }
    }

    private T ToElement(AioBuffer data, int start, int length) => toElement(data, start, length);

    /// <summary>One read. Its data, or why there is none: once it has its reply.</summary>
    private sealed class Read(int length, int reserved)
    {
        public int Length => length;

        /// <summary>Bytes of what all sources together may read ahead.</summary>
        public int Reserved => reserved;

        public AioBuffer? Data { get; set; }

        public Exception? Failure { get; set; }

        /// <summary>Bytes of the data.</summary>
        public int Pushed { get; set; }
    }
}
