namespace AkkaAio.Interop.Abi;

/// <summary><c>IOCB_CMD_*</c> of <c>linux/aio_abi.h</c>. NOOP exists in the header, but <c>io_submit</c> answers EINVAL.</summary>
internal enum IocbCmd : ushort
{
    /// <summary>Positional read.</summary>
    PRead = 0,

    /// <summary>Positional write.</summary>
    PWrite = 1,

    /// <summary>fsync(2), since Linux 4.18.</summary>
    FSync = 2,

    /// <summary>fdatasync(2), since Linux 4.18.</summary>
    FDSync = 3,

    /// <summary>One-shot poll(2), since Linux 4.19.</summary>
    Poll = 5,

    /// <summary>In the header only.</summary>
    Noop = 6,

    /// <summary>Vectored read.</summary>
    PReadV = 7,

    /// <summary>Vectored write.</summary>
    PWriteV = 8,
}

/// <summary><c>IOCB_FLAG_*</c> of <c>linux/aio_abi.h</c>.</summary>
[Flags]
internal enum IocbFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>aio_resfd</c> is an eventfd to signal.</summary>
    ResFd = 1 << 0,

    /// <summary><c>aio_reqprio</c> is an I/O priority (ioprio_set(2)).</summary>
    IoPrio = 1 << 1,
}

/// <summary><c>RWF_*</c> of <c>linux/fs.h</c>, as for preadv2(2).</summary>
[Flags]
internal enum RwFlags : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>High priority, polled.</summary>
    HiPri = 0x01,

    /// <summary>This write as with O_DSYNC.</summary>
    DSync = 0x02,

    /// <summary>This write as with O_SYNC.</summary>
    Sync = 0x04,

    /// <summary>EAGAIN instead of blocking.</summary>
    NoWait = 0x08,

    /// <summary>Append, whatever the offset.</summary>
    Append = 0x10,

    /// <summary>Not append, although the file is O_APPEND.</summary>
    NoAppend = 0x20,

    /// <summary>Torn-write protection, where the device has it.</summary>
    Atomic = 0x40,

    /// <summary>Uncached buffered I/O.</summary>
    DontCache = 0x80,
}
