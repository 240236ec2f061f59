using System.Globalization;

namespace AkkaAio;

// The events: what comes back.
public sealed partial class Aio
{
    /// <summary>A reply. Its Sender is the shard, or <c>system.Aio()</c> for <see cref="Opened"/> and <see cref="Stats"/>; neither can be
    /// stopped by it.</summary>
    public abstract class Event : Message
    {
        private protected Event(Command command) => Command = command;

        /// <summary>The command that this replies to: the object that was told.</summary>
        public Command Command { get; }

        /// <summary>The <see cref="Command.Token"/> of the command.</summary>
        public object? Token => Command.Token;

        /// <summary>For ToString: what came of the command. No data.</summary>
        internal virtual string Result => "";

        /// <summary>The event's name, its command and what came of it. For logs.</summary>
        public override string ToString() => $"{GetType().Name}({Command}{(Result is "" ? "" : ": ")}{Result})";
    }

    /// <summary>A reply to one type of command.</summary>
    /// <typeparam name="TCommand">The type of the command.</typeparam>
    public abstract class Event<TCommand> : Event
        where TCommand : Command
    {
        private protected Event(TCommand command)
            : base(command)
        {
        }

        /// <summary>The command that this replies to: the object that was told.</summary>
        public new TCommand Command => (TCommand)base.Command;
    }

    /// <summary>Reply to <see cref="Open"/>.</summary>
    public sealed class Opened : Event<Open>
    {
        internal Opened(Open command, AioFile file)
            : base(command) => File = file;

        /// <summary>The open file, to name in further commands.</summary>
        public AioFile File { get; }

        internal override string Result => File.Path;
    }

    /// <summary>Reply to <see cref="RentRead"/>. The receiver owns the buffer: dispose it.</summary>
    public sealed class RentReadCompleted : Event<RentRead>
    {
        internal RentReadCompleted(RentRead command, AioBuffer buffer)
            : base(command) => Buffer = buffer;

        /// <summary>Exactly the bytes read. Dispose it when they are no longer needed.</summary>
        public AioBuffer Buffer { get; }

        /// <summary>Bytes read: fewer than asked for where the file ends, 0 at and behind its end.</summary>
        public int Count => Buffer.Length;

        internal override string Result => Bytes(Count);
    }

    /// <summary>Reply to <see cref="ReadInto"/>.</summary>
    public sealed class ReadIntoCompleted : Event<ReadInto>
    {
        internal ReadIntoCompleted(ReadInto command, int count)
            : base(command) => Count = count;

        /// <summary>Bytes read to the start of the destination: fewer than its length where the file ends, 0 behind its end.</summary>
        public int Count { get; }

        internal override string Result => Bytes(Count);
    }

    /// <summary>Reply to <see cref="ReadV"/>.</summary>
    public sealed class ReadVCompleted : Event<ReadV>
    {
        internal ReadVCompleted(ReadV command, int count)
            : base(command) => Count = count;

        /// <summary>
        /// Bytes read, from the start of the first destination on: fewer than all of them hold where the file ends, 0 behind its end.
        /// </summary>
        public int Count { get; }

        internal override string Result => Bytes(Count);
    }

    /// <summary>Reply to <see cref="Write"/>: every byte has been written.</summary>
    public sealed class WriteCompleted : Event<Write>
    {
        internal WriteCompleted(Write command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="WriteV"/>: every byte of every buffer has been written.</summary>
    public sealed class WriteVCompleted : Event<WriteV>
    {
        internal WriteVCompleted(WriteV command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="Flush"/>: every write that was told before it is on stable storage.</summary>
    public sealed class Flushed : Event<Flush>
    {
        internal Flushed(Flush command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="SetLength"/>.</summary>
    public sealed class LengthSet : Event<SetLength>
    {
        internal LengthSet(SetLength command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="Close"/>: the descriptor is closed.</summary>
    public sealed class Closed : Event<Close>
    {
        internal Closed(Close command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="AwaitRoom"/>: go on.</summary>
    public sealed class RoomAvailable : Event<AwaitRoom>
    {
        internal RoomAvailable(AwaitRoom command, int credit)
            : base(command) => Credit = credit;

        /// <summary>
        /// Commands that fit now: the free places, divided among those who were waiting for them. A share and no reservation: a
        /// newcomer may still take a place.
        /// </summary>
        public int Credit { get; }

        internal override string Result => string.Create(CultureInfo.InvariantCulture, $"credit {Credit}");
    }

    /// <summary>Reply to <see cref="Cancel"/>.</summary>
    public sealed class Canceled : Event<Cancel>
    {
        internal Canceled(Cancel command, bool found)
            : base(command) => Found = found;

        /// <summary>True: the command has just been answered with <see cref="AioCanceledException"/>. False: it had its reply
        /// already.</summary>
        public bool Found { get; }

        internal override string Result => Found ? "found" : "not found";
    }

    /// <summary>Reply to any command that failed.</summary>
    /// <remarks>
    /// An Ask for the event of success, such as <c>Ask&lt;Aio.Opened&gt;</c>, throws instead: <see cref="AioException.ToBcl"/> of
    /// <see cref="Cause"/>. An <c>Ask&lt;Aio.Event&gt;</c> returns it.
    /// </remarks>
    public sealed class CommandFailed : Event
    {
        internal CommandFailed(Command command, Exception cause, AioOutcome outcome)
            : base(command)
        {
            Cause = cause;
            Outcome = outcome;
        }

        /// <summary>Why: an <see cref="AioException"/> with the errno, operation, path, offset and length as far as they apply.</summary>
        public Exception Cause { get; }

        /// <summary>Whether anything may have happened.</summary>
        public AioOutcome Outcome { get; }

        internal override string Result => $"{Outcome}, {Cause.Message}";
    }

    private static string Bytes(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} bytes");
}
