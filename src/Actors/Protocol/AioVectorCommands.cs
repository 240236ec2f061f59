namespace AkkaAio;

// Commands over several buffers: the counterparts of preadv(2) and pwritev(2).
public sealed partial class Aio
{
    /// <summary>A command that moves one range of the file to or from several buffers, in their order.</summary>
    public abstract class VectorCommand : TransferCommand
    {
        private protected VectorCommand(AioFile file, long offset)
            : base(file, offset)
        {
        }

        internal abstract int Count { get; }

        internal abstract ReadOnlyMemory<byte> this[int index] { get; }

        // More than a command may have is refused by the shard, with what was asked for.
        private protected static int Sum(long bytes) => (int)Math.Min(bytes, int.MaxValue);
    }

    /// <summary>
    /// Reads into several buffers of yours, which stay untouched by you until the reply, <see cref="ReadVCompleted"/>. In one operation,
    /// without a copy, where all are <see cref="AioBuffer"/>s' and offset, addresses and lengths are aligned (more than 1024 buffers: in
    /// one for each 1024); through one buffer of the pool else.
    /// </summary>
    public sealed class ReadV : VectorCommand
    {
        private readonly Memory<byte>[] _destinations;

        /// <summary>Fills <paramref name="destinations"/>, one after another, from <paramref name="offset"/>.</summary>
        public ReadV(AioFile file, long offset, params IReadOnlyList<Memory<byte>> destinations)
            : base(file, offset)
        {
            ArgumentNullException.ThrowIfNull(destinations);
            _destinations = [.. destinations];
            Length = Sum(_destinations.Sum(destination => (long)destination.Length));
        }

        /// <summary>Where the bytes go.</summary>
        public IReadOnlyList<Memory<byte>> Destinations => _destinations;

        /// <summary>Length of all buffers together, in bytes.</summary>
        public override int Length { get; }

        internal override bool IsWrite => false;

        internal override string Name => "read";

        internal override int Count => _destinations.Length;

        internal override ReadOnlyMemory<byte> this[int index] => _destinations[index];
    }

    /// <summary>
    /// Writes several buffers behind one another. Replied to with <see cref="WriteVCompleted"/> when every byte is written. On a direct
    /// file offset and length of the whole must be aligned, or it fails with <see cref="AioAlignmentException"/>. Leave the data
    /// unchanged until the reply. In one operation, without a copy, where all are <see cref="AioBuffer"/>s' and each address and length
    /// is aligned (more than 1024 buffers: in one for each 1024); copied when the shard stages the command else.
    /// </summary>
    public sealed class WriteV : VectorCommand
    {
        private readonly ReadOnlyMemory<byte>[] _data;

        /// <summary>Writes <paramref name="data"/>, one after another, from <paramref name="offset"/>.</summary>
        public WriteV(AioFile file, long offset, params IReadOnlyList<ReadOnlyMemory<byte>> data)
            : base(file, offset)
        {
            ArgumentNullException.ThrowIfNull(data);
            _data = [.. data];
            Length = Sum(_data.Sum(part => (long)part.Length));
        }

        /// <summary>What to write.</summary>
        public IReadOnlyList<ReadOnlyMemory<byte>> Data => _data;

        /// <summary>Whether the reply also says that this write is on stable storage.</summary>
        public AioDurability Durability { get; init; }

        /// <summary>Length of all buffers together, in bytes.</summary>
        public override int Length { get; }

        internal override bool IsWrite => true;

        internal override string Name => "write";

        internal override int Count => _data.Length;

        internal override ReadOnlyMemory<byte> this[int index] => _data[index];
    }
}
