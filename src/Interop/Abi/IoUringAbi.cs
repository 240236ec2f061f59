using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Abi;

/// <summary><c>IORING_OP_*</c> of <c>linux/io_uring.h</c>, those that we use.</summary>
internal enum IoUringOp : byte
{
    Nop = 0,
    ReadV = 1,
    WriteV = 2,
    FSync = 3,

    // Since Linux 5.6, as IoUringFeatures.RwCurPos is.
    Read = 22,
    Write = 23,
}

/// <summary><c>IORING_SETUP_*</c>.</summary>
[Flags]
internal enum IoUringSetupFlags : uint
{
    None = 0,

    /// <summary>The size of the completion queue is given.</summary>
    CqSize = 1 << 3,

    /// <summary>A bad request does not stop the ones behind it. Since Linux 5.18.</summary>
    SubmitAll = 1 << 7,
}

/// <summary><c>IORING_FEAT_*</c>.</summary>
[Flags]
internal enum IoUringFeatures : uint
{
    None = 0,

    /// <summary>Both rings are in one mapping.</summary>
    SingleMmap = 1 << 0,

    /// <summary>Came together with IORING_OP_READ and IORING_OP_WRITE.</summary>
    RwCurPos = 1 << 3,
}

/// <summary><c>struct io_uring_sqe</c>: one request. 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct IoUringSqe
{
    public const uint FSyncDataSync = 1;

    public IoUringOp Opcode;
    public byte Flags;
    public ushort IoPrio;
    public int Fd;
    public long Offset;
    public nint Address;
    public uint Length;

    /// <summary><c>rw_flags</c> of reads and writes, <c>fsync_flags</c> of fsync.</summary>
    public uint OpFlags;

    public ulong UserData;
}

/// <summary><c>struct io_uring_cqe</c>: one completion. 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringCqe
{
    public ulong UserData;
    public int Res;
    public uint Flags;
}

/// <summary><c>struct io_uring_params</c>: asked for, and answered, by io_uring_setup(2). 120 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoUringParams
{
    public uint SqEntries;
    public uint CqEntries;
    public IoUringSetupFlags Flags;
    public uint SqThreadCpu;
    public uint SqThreadIdle;
    public IoUringFeatures Features;
    public uint WqFd;
    public uint Reserved0;
    public uint Reserved1;
    public uint Reserved2;
    public SqRingOffsets SqOff;
    public CqRingOffsets CqOff;
}

/// <summary><c>struct io_sqring_offsets</c>: where what is in the mapping of the submission queue.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SqRingOffsets
{
    public uint Head;
    public uint Tail;
    public uint RingMask;
    public uint RingEntries;
    public uint Flags;
    public uint Dropped;
    public uint Array;
    public uint Reserved;
    public ulong UserAddress;
}

/// <summary><c>struct io_cqring_offsets</c>: where what is in the mapping of the completion queue.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CqRingOffsets
{
    public uint Head;
    public uint Tail;
    public uint RingMask;
    public uint RingEntries;
    public uint Overflow;
    public uint Cqes;
    public uint Flags;
    public uint Reserved;
    public ulong UserAddress;
}
