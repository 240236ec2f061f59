using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary>
/// <c>struct iocb</c> of <c>include/uapi/linux/aio_abi.h</c>: one request. 64 bytes on every architecture.
/// The kernel copies it during <c>io_submit</c>; only its address comes back, as <see cref="IoEvent.Obj"/>.
/// </summary>
/// <remarks>
/// The kernel swaps <c>aio_key</c> and <c>aio_rw_flags</c> on big-endian machines; .NET on Linux is little-endian on both
/// architectures that we support.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct Iocb : IEquatable<Iocb>
{
    /// <summary><c>aio_data</c>: ours, returned unchanged in <see cref="IoEvent.Data"/>.</summary>
    public ulong Data;

    /// <summary><c>aio_key</c>: written by the kernel.</summary>
    public uint Key;

    /// <summary><c>aio_rw_flags</c>: what <c>preadv2(2)</c> and <c>pwritev2(2)</c> take as flags.</summary>
    public RwFlags RwFlags;

    /// <summary><c>aio_lio_opcode</c>: the operation.</summary>
    public IocbCmd LioOpcode;

    /// <summary><c>aio_reqprio</c>: the I/O priority, with <see cref="IocbFlags.IoPrio"/>.</summary>
    public short ReqPrio;

    /// <summary><c>aio_fildes</c>: the file descriptor.</summary>
    public uint Fildes;

    /// <summary><c>aio_buf</c>: address of the buffer, or of the <c>iovec</c> array, or the poll mask.</summary>
    public ulong Buf;

    /// <summary><c>aio_nbytes</c>: bytes of the buffer, or number of <c>iovec</c>s.</summary>
    public ulong NBytes;

    /// <summary><c>aio_offset</c>: byte offset in the file.</summary>
    public long Offset;

    /// <summary><c>aio_reserved2</c>: must be zero.</summary>
    public ulong Reserved2;

    /// <summary><c>aio_flags</c>.</summary>
    public IocbFlags Flags;

    /// <summary><c>aio_resfd</c>: the eventfd to signal, with <see cref="IocbFlags.ResFd"/>.</summary>
    public uint ResFd;

    /// <summary>Counterpart of libaio's <c>io_prep_pread</c>.</summary>
    public static Iocb PrepPRead(int fd, nint buf, ulong nbytes, long offset) =>
        Prep(IocbCmd.PRead, fd, buf, nbytes, offset);

    /// <summary>Counterpart of libaio's <c>io_prep_pwrite</c>.</summary>
    public static Iocb PrepPWrite(int fd, nint buf, ulong nbytes, long offset) =>
        Prep(IocbCmd.PWrite, fd, buf, nbytes, offset);

    /// <summary>Counterpart of libaio's <c>io_set_eventfd</c>: the completion also adds 1 to this eventfd.</summary>
    public void SetEventFd(int eventFd)
    {
        Flags |= IocbFlags.ResFd;
        ResFd = (uint)eventFd;
    }

    internal static Iocb Prep(IocbCmd command, int fd, nint buf, ulong nbytes, long offset) => new()
    {
        LioOpcode = command,
        Fildes = (uint)fd,
        Buf = (ulong)buf,
        NBytes = nbytes,
        Offset = offset,
    };

    /// <inheritdoc/>
    public readonly bool Equals(Iocb other) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<Iocb>(in this))
            .SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<Iocb>(in other)));

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is Iocb other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(Data, LioOpcode, Fildes, Buf, NBytes, Offset);

    /// <summary>Byte-wise equality.</summary>
    public static bool operator ==(Iocb left, Iocb right) => left.Equals(right);

    /// <summary>Byte-wise inequality.</summary>
    public static bool operator !=(Iocb left, Iocb right) => !left.Equals(right);
}
