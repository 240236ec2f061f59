using System.Globalization;

namespace AkkaAio;

// The blocks of a file and its length as the file system has them.
public sealed partial class Aio
{
    /// <summary>A barrier about a range of a file's blocks.</summary>
    public abstract class RangeCommand : BarrierCommand
    {
        private protected RangeCommand(AioFile file, long offset, long length)
            : base(file)
        {
            Offset = offset;
            Length = length;
        }

        /// <summary>Byte offset in the file.</summary>
        public long Offset { get; }

        /// <summary>Length in bytes.</summary>
        public long Length { get; }

        internal override string Arguments =>
            string.Create(CultureInfo.InvariantCulture, $"{PathOfFile}, offset {Offset}, length {Length}");
    }

    /// <summary>
    /// Allocates blocks and extends the file over them: fallocate(2) with mode 0. Replied to with <see cref="Allocated"/>. Writes into
    /// allocated blocks do not block in io_submit; writes that extend a file do.
    /// </summary>
    public sealed class Allocate : RangeCommand
    {
        /// <summary>Allocates <paramref name="length"/> bytes of <paramref name="file"/> at <paramref name="offset"/>.</summary>
        public Allocate(AioFile file, long offset, long length)
            : base(file, offset, length)
        {
        }

        internal override string Name => "allocate";
    }

    /// <summary>
    /// Gives the blocks of a range back to the file system; the range then reads as zeros, and the length stays: fallocate(2) with
    /// FALLOC_FL_PUNCH_HOLE. Blocks that are in the range in part are zeroed there. Replied to with <see cref="HolePunched"/>; fails with
    /// EOPNOTSUPP where the file system cannot.
    /// </summary>
    public sealed class PunchHole : RangeCommand
    {
        /// <summary>Frees <paramref name="length"/> bytes of <paramref name="file"/> at <paramref name="offset"/>.</summary>
        public PunchHole(AioFile file, long offset, long length)
            : base(file, offset, length)
        {
        }

        internal override string Name => "punch-hole";
    }

    /// <summary>
    /// Looks up the file's length, which another process may have changed: fstat(2), and <see cref="AioFile.Length"/> is what it says.
    /// Replied to with <see cref="LengthRefreshed"/>.
    /// </summary>
    public sealed class RefreshLength : BarrierCommand
    {
        /// <summary>Looks up the length of <paramref name="file"/>.</summary>
        public RefreshLength(AioFile file)
            : base(file)
        {
        }

        internal override string Name => "refresh-length";
    }

    /// <summary>Reply to <see cref="Allocate"/>.</summary>
    public sealed class Allocated : Event<Allocate>
    {
        internal Allocated(Allocate command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="PunchHole"/>: the range reads as zeros.</summary>
    public sealed class HolePunched : Event<PunchHole>
    {
        internal HolePunched(PunchHole command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="RefreshLength"/>.</summary>
    public sealed class LengthRefreshed : Event<RefreshLength>
    {
        internal LengthRefreshed(RefreshLength command, long length)
            : base(command) => Length = length;

        /// <summary>The file's length in bytes.</summary>
        public long Length { get; }

        internal override string Result => string.Create(CultureInfo.InvariantCulture, $"length {Length}");
    }
}
