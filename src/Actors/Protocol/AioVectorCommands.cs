namespace AkkaAio;

// The vectored commands: one range of a file, many buffers.
public sealed partial class Aio
{
    /// <summary>
    /// Reads one range of the file into buffers of yours, filling each before the next: preadv(2). Replied to with
    /// <see cref="ReadVCompleted"/>, and until then you leave them alone. Without a copy where the offset is aligned and every buffer is
    /// an <see cref="AioBuffer"/>'s with an aligned address and length; through one buffer of the pool else. Any number of buffers will do.
    /// </summary>
    public sealed class ReadV : TransferCommand
    {
        private readonly Memory<byte>[] _destinations;

        /// <summary>Fills <paramref name="destinations"/>, in this order, from <paramref name="offset"/>.</summary>
        public ReadV(AioFile file, IReadOnlyList<Memory<byte>> destinations, long offset)
            : base(file, offset)
        {
            ArgumentNullException.ThrowIfNull(destinations);
            _destinations = [.. destinations]; // ours: a list that changed on the way would not be what was checked
            TotalLength = _destinations.Sum(static destination => (long)destination.Length);
        }

        /// <summary>Where the bytes go.</summary>
        public ReadOnlyMemory<Memory<byte>> Destinations => _destinations;

        /// <summary>Sum of the lengths in bytes; <see cref="int.MaxValue"/> for a larger one, which is refused.</summary>
        public override int Length => (int)Math.Min(TotalLength, int.MaxValue);

        internal override long TotalLength { get; }

        internal override string Name => "read";
    }

    /// <summary>
    /// Writes buffers one behind the other to one range of the file: pwritev(2). Replied to with <see cref="WriteVCompleted"/> when every
    /// byte is written. On a direct file offset and total length must be aligned, or it fails with <see cref="AioAlignmentException"/>.
    /// Leave the data unchanged until the reply. Without a copy where every buffer is an <see cref="AioBuffer"/>'s with an aligned address
    /// and length; else all are copied to one buffer of the pool when the shard stages the command. Any number of buffers will do.
    /// </summary>
    public sealed class WriteV : TransferCommand
    {
        private readonly ReadOnlyMemory<byte>[] _data;

        /// <summary>Writes <paramref name="data"/>, in this order, at <paramref name="offset"/>.</summary>
        public WriteV(AioFile file, IReadOnlyList<ReadOnlyMemory<byte>> data, long offset)
            : base(file, offset)
        {
            ArgumentNullException.ThrowIfNull(data);
            _data = [.. data];
            TotalLength = _data.Sum(static part => (long)part.Length);
        }

        /// <summary>What to write.</summary>
        public ReadOnlyMemory<ReadOnlyMemory<byte>> Data => _data;

        /// <summary>Whether the reply also says that this write is on stable storage.</summary>
        public AioDurability Durability { get; init; }

        /// <summary>Sum of the lengths in bytes; <see cref="int.MaxValue"/> for a larger one, which is refused.</summary>
        public override int Length => (int)Math.Min(TotalLength, int.MaxValue);

        internal override long TotalLength { get; }

        internal override string Name => "write";
    }
}
