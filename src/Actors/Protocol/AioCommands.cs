using System.Globalization;

namespace AkkaAio;

// The commands. Classes and not records: Cancel names a command object, so two commands are never equal.
public sealed partial class Aio
{
    /// <summary>What can be asked.</summary>
    public abstract class Command : Message
    {
        private protected Command()
        {
        }

        /// <summary>Yours: the reply carries it back.</summary>
        public object? Token { get; init; }

        /// <summary>What errors call it: <c>read</c>, <c>write</c> …</summary>
        internal abstract string Name { get; }

        /// <summary>For ToString: what it asks for. No data, and not the <see cref="Token"/>, whose code is another's.</summary>
        internal virtual string Arguments => "";

        /// <summary>The command's name and arguments: path, offset, length. For logs.</summary>
        public sealed override string ToString() => $"{GetType().Name}({Arguments})";
    }

    /// <summary>A command for an open file.</summary>
    public abstract class FileCommand : Command
    {
        private protected FileCommand(AioFile file)
        {
            ArgumentNullException.ThrowIfNull(file);
            File = file;
        }

        /// <summary>The file.</summary>
        public AioFile File { get; private protected set; }

        internal override string Arguments => PathOfFile;

        private protected string PathOfFile => File?.Path ?? "no file"; // null: an awaited one, which has been answered

        /// <summary>The last telling of it that owes its reply; null: none does. Its shard's thread alone.</summary>
        internal Shards.Accepted? LastTelling { get; set; }
    }

    /// <summary>A command that moves data: these run at once, many at a time, in no order.</summary>
    public abstract class TransferCommand : FileCommand
    {
        private protected TransferCommand(AioFile file, long offset)
            : base(file) => Offset = offset;

        /// <summary>Byte offset in the file.</summary>
        public long Offset { get; private protected set; }

        /// <summary>Length in bytes.</summary>
        public abstract int Length { get; }

        /// <summary>As <see cref="Length"/>, also where an int does not hold it.</summary>
        internal virtual long TotalLength => Length;

        /// <summary>How urgent it is; Default: as its file (<see cref="AioOpenOptions.Priority"/>).</summary>
        public AioPriority Priority { get; init; }

        internal override string Arguments =>
            string.Create(CultureInfo.InvariantCulture, $"{PathOfFile}, offset {Offset}, length {TotalLength}");

        internal bool IsWrite => this is Write or WriteV;

        /// <summary>Awaited: the caller has looked into the page cache already, or could not. The shard does not.</summary>
        internal bool IsLookedFor { get; set; }
    }

    /// <summary>
    /// A command that acts on the file as a whole, after every command that was told before it (a <see cref="Flush"/>: after every
    /// write). Later ones wait for it, except behind a Flush, which does not hold them up.
    /// </summary>
    public abstract class BarrierCommand : FileCommand
    {
        private protected BarrierCommand(AioFile file)
            : base(file)
        {
        }
    }

    /// <summary>Opens a file. Replied to with <see cref="Opened"/>.</summary>
    /// <remarks>While 32 closes of files with the same owner are under way it waits for one of them.</remarks>
    public sealed class Open : Command
    {
        /// <summary>Opens <paramref name="path"/> for reading, or as <paramref name="options"/> say.</summary>
        public Open(string path, AioOpenOptions? options = null)
        {
            ArgumentException.ThrowIfNullOrEmpty(path);
            Path = path;
            Options = options ?? AioOpenOptions.Default;
        }

        /// <summary>The path, absolute or relative to the process's working folder.</summary>
        public string Path { get; }

        /// <summary>How to open it.</summary>
        public AioOpenOptions Options { get; }

        internal override string Name => "open";

        internal override string Arguments => $"{Path}, {Options}";
    }

    /// <summary>
    /// Reads into a buffer rented from the pool. Replied to with <see cref="RentReadCompleted"/>, whose receiver owns and disposes
    /// the buffer. Any offset and length will do: what direct I/O needs beyond them is read and cut off.
    /// </summary>
    public sealed class RentRead : TransferCommand
    {
        /// <summary>Reads <paramref name="length"/> bytes at <paramref name="offset"/>.</summary>
        public RentRead(AioFile file, long offset, int length)
            : base(file, offset) => Length = length;

        /// <inheritdoc/>
        public override int Length { get; }

        internal override string Name => "read";
    }

    /// <summary>
    /// Reads into memory of yours, which stays untouched by you until the reply, <see cref="ReadIntoCompleted"/>. Without a copy where
    /// it is an <see cref="AioBuffer"/>'s and offset, length and address are aligned; otherwise through a buffer of the pool.
    /// </summary>
    public sealed class ReadInto : TransferCommand
    {
        /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/>.</summary>
        public ReadInto(AioFile file, Memory<byte> destination, long offset)
            : base(file, offset) => Destination = destination;

        /// <summary>Fills the whole of <paramref name="destination"/> from <paramref name="offset"/>.</summary>
        /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
        public ReadInto(AioFile file, AioBuffer destination, long offset)
            : base(file, offset)
        {
            ArgumentNullException.ThrowIfNull(destination);
            Destination = destination.Memory;
        }

        /// <summary>Where the bytes go.</summary>
        public Memory<byte> Destination { get; private set; }

        /// <inheritdoc/>
        public override int Length => Destination.Length;

        internal override string Name => "read";

        /// <summary>Of the Task façade, whose commands nobody else ever sees.</summary>
        internal void Reuse(AioFile file, Memory<byte> destination, long offset)
        {
            IsLookedFor = true;
            File = file;
            Offset = offset;
            Destination = destination;
        }
    }

    /// <summary>
    /// Writes. Replied to with <see cref="WriteCompleted"/> when every byte is written. On a direct file offset and length must be
    /// aligned, or it fails with <see cref="AioAlignmentException"/>. Leave the data unchanged until the reply: an aligned
    /// <see cref="AioBuffer"/> is written from where it is, other memory is copied when the shard stages the command.
    /// </summary>
    public sealed class Write : TransferCommand
    {
        private AioDurability _durability;

        /// <summary>Writes <paramref name="data"/> at <paramref name="offset"/>.</summary>
        public Write(AioFile file, ReadOnlyMemory<byte> data, long offset)
            : base(file, offset) => Data = data;

        /// <summary>Writes the whole of <paramref name="data"/> at <paramref name="offset"/>.</summary>
        /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
        public Write(AioFile file, AioBuffer data, long offset)
            : base(file, offset)
        {
            ArgumentNullException.ThrowIfNull(data);
            Data = data.Memory;
        }

        /// <summary>What to write.</summary>
        public ReadOnlyMemory<byte> Data { get; private set; }

        /// <summary>Whether the reply also says that this write is on stable storage.</summary>
        public AioDurability Durability
        {
            get => _durability;
            init => _durability = value;
        }

        /// <inheritdoc/>
        public override int Length => Data.Length;

        internal override string Name => "write";

        /// <summary>Of the Task façade, whose commands nobody else ever sees.</summary>
        internal void Reuse(AioFile file, ReadOnlyMemory<byte> data, long offset, AioDurability durability)
        {
            File = file;
            Offset = offset;
            Data = data;
            _durability = durability;
        }
    }

    /// <summary>
    /// Makes every write that was told before it durable: fdatasync(2) once those have completed. Replied to with
    /// <see cref="Flushed"/>. Flushes that wait at the same time share one fdatasync. Once a flush has failed, every later one of this open
    /// fails: the kernel reports a lost write only once.
    /// </summary>
    public sealed class Flush : BarrierCommand
    {
        /// <summary>Flushes <paramref name="file"/>.</summary>
        public Flush(AioFile file)
            : base(file)
        {
        }

        internal override string Name => "flush";
    }

    /// <summary>Cuts or extends the file: ftruncate(2). Replied to with <see cref="LengthSet"/>.</summary>
    public sealed class SetLength : BarrierCommand
    {
        /// <summary>Makes <paramref name="file"/> <paramref name="length"/> bytes long.</summary>
        public SetLength(AioFile file, long length)
            : base(file) => Length = length;

        /// <summary>The new length in bytes.</summary>
        public long Length { get; }

        internal override string Name => "set-length";

        internal override string Arguments => string.Create(CultureInfo.InvariantCulture, $"{PathOfFile}, length {Length}");
    }

    /// <summary>
    /// Closes the file after every command that was told before it. Replied to with <see cref="Closed"/>; commands told later fail with
    /// <see cref="AioClosedException"/>. It does not flush.
    /// </summary>
    public sealed class Close : BarrierCommand
    {
        /// <summary>Closes <paramref name="file"/>.</summary>
        public Close(AioFile file)
            : base(file)
        {
        }

        internal override string Name => "close";
    }

    /// <summary>
    /// Answers another command now: it fails with <see cref="AioCanceledException"/>. One that waits in the queue is taken out of it;
    /// one that the kernel has goes on unseen, and its memory stays reserved until the kernel is done. Replied to with
    /// <see cref="Canceled"/>.
    /// </summary>
    public sealed class Cancel : FileCommand
    {
        /// <summary>Cancels this very command object, and all tellings of it.</summary>
        public Cancel(FileCommand command)
            : base((command ?? throw new ArgumentNullException(nameof(command))).File) => Command = command;

        /// <summary>The command to answer.</summary>
        public FileCommand Command { get; }

        internal override string Name => "cancel";

        internal override string Arguments => $"{Command}";
    }

    /// <summary>
    /// After an <see cref="AioOverloadedException"/>: asks to be told when the shard has room again. Replied to with
    /// <see cref="RoomAvailable"/> when its queue is half empty, at once if it is now.
    /// </summary>
    public sealed class AwaitRoom : FileCommand
    {
        /// <summary>Room for commands of <paramref name="file"/>.</summary>
        public AwaitRoom(AioFile file)
            : this(file, 0)
        {
        }

        /// <summary>Room for commands at <paramref name="offset"/>: with <c>shard-by = stripe</c> it says which shard is meant.</summary>
        public AwaitRoom(AioFile file, long offset)
            : base(file) => Offset = offset;

        /// <summary>Byte offset in the file.</summary>
        public long Offset { get; }

        internal override string Name => "await-room";

        internal override string Arguments => string.Create(CultureInfo.InvariantCulture, $"{PathOfFile}, offset {Offset}");
    }

    /// <summary>
    /// Several commands in one message: the same as telling them one after another. Each has its own reply, and there is none to the batch.
    /// </summary>
    public sealed class Batch : Message
    {
        private readonly FileCommand[] _commands;

        /// <summary>These commands, of one file or of several, in this order.</summary>
        /// <exception cref="ArgumentException">One of them is null.</exception>
        public Batch(params ReadOnlySpan<FileCommand> commands)
        {
            foreach (var command in commands)
            {
                ArgumentNullException.ThrowIfNull(command, nameof(commands));
            }

            _commands = commands.ToArray();
        }

        /// <summary>The commands.</summary>
        public ReadOnlyMemory<FileCommand> Commands => _commands;

        /// <summary>The number of commands and the first of them.</summary>
        public override string ToString() => _commands switch
        {
            [] => "Batch()",
            [var only] => $"Batch({only})",
            [var first, ..] => string.Create(CultureInfo.InvariantCulture, $"Batch({_commands.Length} commands: {first} …)"),
        };
    }

    /// <summary>Asks for the figures of each open file. Replied to with <see cref="Files"/>.</summary>
    public sealed class GetFiles : Command
    {
        internal override string Name => "get-files";
    }

    /// <summary>Asks for the figures. Replied to with <see cref="Stats"/>.</summary>
    public sealed class GetStats : Command
    {
        internal override string Name => "get-stats";
    }
}

/// <summary>What <see cref="Aio.WriteCompleted"/> promises.</summary>
public enum AioDurability
{
    /// <summary>The kernel has the data; a power cut may lose it until the next <see cref="Aio.Flush"/>.</summary>
    None,

    /// <summary>The data is on stable storage: RWF_DSYNC.</summary>
    Dsync,
}
