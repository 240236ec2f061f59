using System.Threading.Channels;
using Akka;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Stage;
using AkkaAio.Interop.Folders;

namespace AkkaAio.Streams.Stages;

/// <summary>A file as it grows, and the next one of its name.</summary>
internal sealed class TailStage(string path, AioTailSettings settings)
    : GraphStageWithMaterializedValue<SourceShape<ReadOnlyMemory<byte>>, IAioTail>
{
    private const int MostEvents = 64;

    private readonly Outlet<ReadOnlyMemory<byte>> _out = new("AioSource.Tail.out");

    public override SourceShape<ReadOnlyMemory<byte>> Shape => new(_out);

    protected override Attributes InitialAttributes { get; } = Attributes.CreateName("aioTail");

    public override ILogicAndMaterializedValue<IAioTail> CreateLogicAndMaterializedValue(Attributes inheritedAttributes)
    {
        var logic = new Logic(this);
        return new LogicAndMaterializedValue<IAioTail>(logic, logic);
    }

    private string FilePath => path;

    private AioTailSettings Settings => settings;

    // Its order: a read that gives nothing, a look at the path, and then a wait, all while there is demand.
    private sealed class Logic : AioStageLogic, IAioTail
    {
        private readonly TaskCompletionSource<Done> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Channel<AioTailEvent> _events = Channel.CreateBounded<AioTailEvent>(
            new BoundedChannelOptions(MostEvents) { FullMode = BoundedChannelFullMode.DropOldest });

        private readonly TailStage _stage;
        private readonly Action _read;
        private readonly Action _complete;
        private readonly Action<(NamedFile? Found, Exception? Failure)> _looked;
        private AioFile? _file;
        private bool _isBusy;
        private long _offset;
        private long _pushed;
        private int _chunkSize;
        private TimeSpan _poll;
        private ICancelable? _wait;

        // The last look found the path to be another file's or nobody's, and this file has given nothing since.
        private bool _isLeft;
        private bool _isDeleted;

        // The last look found the file longer than what a read just before it gave, and the next read gave nothing: a length that means
        // nothing, as in /proc.
        private bool _wasLonger;

        public Logic(TailStage stage)
            : base(stage.Shape)
        {
            _stage = stage;
            _read = GetAsyncCallback(Read);
            _complete = GetAsyncCallback(Finish);
            _looked = GetAsyncCallback<(NamedFile?, Exception?)>(Looked);
            SetHandler(stage._out, onPull: ReadIfIdle, onDownstreamFinish: Cancelled);
        }

        public Task<Done> Completion => _completion.Task;

        public ChannelReader<AioTailEvent> Events => _events.Reader;

        void IAioTail.Complete() => _complete();

        protected override void Start()
        {
            var settings = _stage.Settings;
            _chunkSize = Limits.Check(settings.ChunkSize ?? Configured.ChunkSize, Limits.MostBlock, nameof(settings.ChunkSize));
            _poll = settings.Poll ?? Configured.TailPoll;
            ArgumentOutOfRangeException.ThrowIfLessThan(_poll, TimeSpan.FromMilliseconds(1), nameof(settings.Poll));
            ArgumentOutOfRangeException.ThrowIfNegative(settings.Start ?? 0, nameof(settings.Start));
            Open(new AioFileTarget(_stage.FilePath), OpenOptions, file =>
            {
                _file = file;
                _offset = settings.Start ?? file.Length;
                ReadIfIdle();
            });
        }

        protected override void Stopped()
        {
            _wait?.Cancel();
            _completion.TrySetException(new AbruptStageTerminationException(this));
            _events.Writer.TryComplete();
        }

        protected override void Fail(Exception cause)
        {
            _completion.TrySetException(cause);
            base.Fail(cause);
        }

        // Appends are in the page cache first: direct reads would make the kernel write them to the disk.
        private static AioOpenOptions OpenOptions { get; } = new() { Direct = DirectIo.Off };

        private void Cancelled(Exception cause)
        {
            if (cause is not SubscriptionWithCancelException.NonFailureCancellation)
            {
                _completion.TrySetException(cause);
            }

            Finish();
        }

        private void Finish()
        {
            _completion.TrySetResult(Done.Instance);
            Complete();
        }

        private void ReadIfIdle()
        {
            if (_file is not null && !_isBusy && IsAvailable(_stage._out))
            {
                Read();
            }
        }

        private void Read()
        {
            _isBusy = true;
            Tell(new Aio.RentRead(_file!, _offset, _chunkSize) { Token = Then<Aio.RentReadCompleted>(ReadDone) });
        }

        private void ReadDone(Aio.RentReadCompleted read)
        {
            using var buffer = read.Buffer;
            if (buffer.Length == 0)
            {
                Look();
                return;
            }

            (_isBusy, _isLeft, _wasLonger) = (false, false, false);
            _offset += buffer.Length;
            _pushed += buffer.Length;
            Push(_stage._out, buffer.GetSpan().ToArray());
        }

        private void Look()
        {
            var (names, path) = (Ext.Names, _stage.FilePath);
            Ext.RunBlocking(() =>
            {
                NamedFile? found = null;
                var failure = AioExt.ErrorOf(() => found = names.Find(path));
                _looked((found, failure));
            });
        }

        private void Looked((NamedFile? Found, Exception? Failure) look)
        {
            if (look.Failure is { } failure)
            {
                Fail(failure);
            }
            else if (look.Found is { } found && found.Identity == _file!.Handle.Identity)
            {
                (_isLeft, _isDeleted) = (false, false);
                LookedAtOwn(found.Length);
            }
            else if (!_isLeft)
            {
                _isLeft = true; // it may get more from a writer that has it open
                Wait();
            }
            else if (look.Found is null)
            {
                Deleted();
            }
            else
            {
                OpenNext();
            }
        }

        private void LookedAtOwn(long length)
        {
            if (length < _offset)
            {
                _offset = 0;
                Happened(AioTailEventKind.Truncated);
                Read();
            }
            else if (length > _offset && !_wasLonger)
            {
                _wasLonger = true; // since that read; not twice without a wait
                Read();
            }
            else
            {
                Wait();
            }
        }

        private void Deleted()
        {
            if (!_isDeleted)
            {
                _isDeleted = true;
                Happened(AioTailEventKind.Deleted);
            }

            switch (_stage.Settings.OnDelete)
            {
                case AioTailOnDelete.Complete:
                    Finish();
                    break;
                case AioTailOnDelete.Fail:
                    Fail(new AioSystemException(Errno.ENOENT, "statx", _stage.FilePath));
                    break;
                default:
                    Wait();
                    break;
            }
        }

        private void Wait() => _wait = ActorMaterializer.ScheduleOnce(_poll, _read);

        private void OpenNext() => Tell(new Aio.Open(_stage.FilePath, OpenOptions with { Owner = ActorRefs.Nobody })
        {
            Token = new OnReply(reply =>
            {
                switch (reply)
                {
                    case Aio.Opened { File: var next } when next.Handle.Identity == _file!.Handle.Identity:
                        Tell(new Aio.Close(next) { Token = Ignored }); // renamed back meanwhile
                        Wait();
                        break;
                    case Aio.Opened { File: var next }:
                        GoOnWith(next);
                        break;
                    case Aio.CommandFailed { Cause: AioSystemException { Errno: Errno.ENOENT } }:
                        Wait(); // renamed or deleted meanwhile
                        break;
                    case Aio.CommandFailed { Cause: var cause }:
                        Fail(cause);
                        break;
                }
            }),
        });

        private void GoOnWith(AioFile next)
        {
            Tell(new Aio.Close(_file!) { Token = Ignored });
            Owned = next;
            (_file, _offset, _isLeft, _isDeleted, _wasLonger) = (next, 0, false, false, false);
            Happened(AioTailEventKind.Rotated);
            Read();
        }

        private static OnReply Ignored { get; } = _ => { };

        private void Happened(AioTailEventKind kind) => _events.Writer.TryWrite(new AioTailEvent(kind, _pushed));
    }
}
