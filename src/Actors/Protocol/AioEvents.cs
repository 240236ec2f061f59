namespace AkkaAio;

// The events: what comes back.
public sealed partial class Aio
{
    /// <summary>A reply. Its Sender is the shard, or <c>system.Aio()</c> for <see cref="Opened"/> and <see cref="Stats"/>; neither can be
    /// stopped by it.</summary>
    public abstract class Event : Message
    {
        private protected Event(Command command) => RepliesTo = command;

        /// <summary>The <see cref="Command.Token"/> of the command.</summary>
        public object? Token => RepliesTo.Token;

        internal Command RepliesTo { get; }
    }

    /// <summary>Reply to <see cref="Open"/>.</summary>
    public sealed class Opened : Event
    {
        internal Opened(Open command, AioFile file)
            : base(command) => File = file;

        /// <summary>The command.</summary>
        public Open Command => (Open)RepliesTo;

        /// <summary>The open file, to name in further commands.</summary>
        public AioFile File { get; }
    }

    /// <summary>Reply to <see cref="RentRead"/>. The receiver owns the buffer: dispose it.</summary>
    public sealed class RentReadCompleted : Event
    {
        internal RentReadCompleted(RentRead command, AioBuffer buffer)
            : base(command) => Buffer = buffer;

        /// <summary>The command.</summary>
        public RentRead Command => (RentRead)RepliesTo;

        /// <summary>Exactly the bytes read. Dispose it when they are no longer needed.</summary>
        public AioBuffer Buffer { get; }

        /// <summary>Bytes read: fewer than asked for where the file ends, 0 at and behind its end.</summary>
        public int Count => Buffer.Length;
    }

    /// <summary>Reply to <see cref="ReadInto"/>.</summary>
    public sealed class ReadIntoCompleted : Event
    {
        internal ReadIntoCompleted(ReadInto command, int count)
            : base(command) => Count = count;

        /// <summary>The command, with the destination.</summary>
        public ReadInto Command => (ReadInto)RepliesTo;

        /// <summary>Bytes read to the start of the destination: fewer than its length where the file ends, 0 behind its end.</summary>
        public int Count { get; }
    }

    /// <summary>Reply to <see cref="ReadV"/>.</summary>
    public sealed class ReadVCompleted : Event
    {
        internal ReadVCompleted(ReadV command, int count)
            : base(command) => Count = count;

        /// <summary>The command, with the destinations.</summary>
        public ReadV Command => (ReadV)RepliesTo;

        /// <summary>
        /// Bytes read, from the start of the first destination on: fewer than all of them hold where the file ends, 0 behind its end.
        /// </summary>
        public int Count { get; }
    }

    /// <summary>Reply to <see cref="Write"/>: every byte has been written.</summary>
    public sealed class WriteCompleted : Event
    {
        internal WriteCompleted(Write command)
            : base(command)
        {
        }

        /// <summary>The command.</summary>
        public Write Command => (Write)RepliesTo;
    }

    /// <summary>Reply to <see cref="WriteV"/>: every byte of every buffer has been written.</summary>
    public sealed class WriteVCompleted : Event
    {
        internal WriteVCompleted(WriteV command)
            : base(command)
        {
        }

        /// <summary>The command.</summary>
        public WriteV Command => (WriteV)RepliesTo;
    }

    /// <summary>Reply to <see cref="Flush"/>: every write that was told before it is on stable storage.</summary>
    public sealed class Flushed : Event
    {
        internal Flushed(Flush command)
            : base(command)
        {
        }

        /// <summary>The command.</summary>
        public Flush Command => (Flush)RepliesTo;
    }

    /// <summary>Reply to <see cref="SetLength"/>.</summary>
    public sealed class LengthSet : Event
    {
        internal LengthSet(SetLength command)
            : base(command)
        {
        }

        /// <summary>The command.</summary>
        public SetLength Command => (SetLength)RepliesTo;
    }

    /// <summary>Reply to <see cref="Allocate"/>.</summary>
    public sealed class Allocated : Event
    {
        internal Allocated(Allocate command)
            : base(command)
        {
        }

        /// <summary>The command.</summary>
        public Allocate Command => (Allocate)RepliesTo;
    }

    /// <summary>Reply to <see cref="Close"/>: the descriptor is closed.</summary>
    public sealed class Closed : Event
    {
        internal Closed(Close command)
            : base(command)
        {
        }

        /// <summary>The command.</summary>
        public Close Command => (Close)RepliesTo;
    }

    /// <summary>Reply to <see cref="AwaitRoom"/>: go on.</summary>
    public sealed class RoomAvailable : Event
    {
        internal RoomAvailable(AwaitRoom command, int credit)
            : base(command) => Credit = credit;

        /// <summary>The command.</summary>
        public AwaitRoom Command => (AwaitRoom)RepliesTo;

        /// <summary>
        /// Commands that fit now: the free places, divided among those who were waiting for them. A share and no reservation: a
        /// newcomer may still take a place.
        /// </summary>
        public int Credit { get; }
    }

    /// <summary>Reply to <see cref="Cancel"/>.</summary>
    public sealed class Canceled : Event
    {
        internal Canceled(Cancel command, bool found)
            : base(command) => Found = found;

        /// <summary>The cancel command.</summary>
        public Cancel Command => (Cancel)RepliesTo;

        /// <summary>True: the command has just been answered with <see cref="AioCanceledException"/>. False: it had its reply
        /// already.</summary>
        public bool Found { get; }
    }

    /// <summary>Reply to any command that failed.</summary>
    public sealed class CommandFailed : Event
    {
        internal CommandFailed(Command command, Exception cause, AioOutcome outcome)
            : base(command)
        {
            Cause = cause;
            Outcome = outcome;
        }

        /// <summary>The command.</summary>
        public Command Command => RepliesTo;

        /// <summary>Why: an <see cref="AioException"/> with the errno, operation, path, offset and length as far as they apply.</summary>
        public Exception Cause { get; }

        /// <summary>Whether anything may have happened.</summary>
        public AioOutcome Outcome { get; }

        /// <inheritdoc/>
        public override string ToString() => $"CommandFailed({Command.Name}, {Outcome}): {Cause.Message}";
    }
}
