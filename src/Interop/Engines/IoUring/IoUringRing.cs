using System.Numerics;
using System.Runtime.InteropServices;
using AkkaAio.Interop.Abi;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Interop.Engines.IoUring;

/// <summary>An io_uring and its mappings: where heads, tails, requests and completions are.</summary>
internal sealed unsafe class IoUringRing : IDisposable
{
    // The kernel's IORING_MAX_ENTRIES; one more is EINVAL. A submit takes no more at once, the completion queue holds twice as many.
    private const uint MaxSqEntries = 32768;

    private readonly SafeFileHandle _handle;
    private readonly List<(nint Address, nuint Length)> _mappings = [];

    private IoUringRing(SafeFileHandle handle, in IoUringParams parameters, bool singleMmap)
    {
        _handle = handle;
        SqEntries = parameters.SqEntries;
        ref readonly var sq = ref parameters.SqOff;
        ref readonly var cq = ref parameters.CqOff;
        var sqLength = sq.Array + parameters.SqEntries * sizeof(uint);
        var cqLength = cq.Cqes + parameters.CqEntries * (uint)sizeof(IoUringCqe);
        singleMmap &= parameters.Features.HasFlag(IoUringFeatures.SingleMmap);
        var sqRing = Map(singleMmap ? Math.Max(sqLength, cqLength) : sqLength, IoUringSyscalls.OffsetSqRing);
        var cqRing = singleMmap ? sqRing : Map(cqLength, IoUringSyscalls.OffsetCqRing);
        Sqes = (IoUringSqe*)Map(SqEntries * (nuint)sizeof(IoUringSqe), IoUringSyscalls.OffsetSqes);
        SqHead = (uint*)(sqRing + sq.Head);
        SqTail = (uint*)(sqRing + sq.Tail);
        SqMask = *(uint*)(sqRing + sq.RingMask);
        CqHead = (uint*)(cqRing + cq.Head);
        CqTail = (uint*)(cqRing + cq.Tail);
        CqMask = *(uint*)(cqRing + cq.RingMask);
        Cqes = (IoUringCqe*)(cqRing + cq.Cqes);

        // Requests go round in the order of their places, once and for all.
        var array = (uint*)(sqRing + sq.Array);
        for (var i = 0u; i < SqEntries; i++)
        {
            array[i] = i;
        }
    }

    public int Descriptor => (int)_handle.DangerousGetHandle();

    public bool IsClosed => _handle.IsClosed;

    public uint SqEntries { get; }

    /// <summary>Moved by the kernel.</summary>
    public uint* SqHead { get; }

    /// <summary>Moved by us.</summary>
    public uint* SqTail { get; }

    public uint SqMask { get; }

    public IoUringSqe* Sqes { get; }

    /// <summary>Moved by us.</summary>
    public uint* CqHead { get; }

    /// <summary>Moved by the kernel.</summary>
    public uint* CqTail { get; }

    public uint CqMask { get; }

    public IoUringCqe* Cqes { get; }

    /// <summary>io_uring_setup(2), with room for the completions of <paramref name="depth"/> operations.</summary>
    /// <param name="depth">Operations in flight.</param>
    /// <param name="singleMmap">False maps the two rings one by one, as kernels before 5.4 need it.</param>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    public static IoUringRing Setup(int depth, bool singleMmap = true)
    {
        var operation = $"io_uring_setup for {depth} operations";
        var parameters = ParametersFor(depth, IoUringSetupFlags.SubmitAll);
        var handle = IoUringSyscalls.TrySetup(parameters.SqEntries, ref parameters, out var errno);
        if (errno == Errno.EINVAL)
        {
            // A kernel before 5.18: there a bad request ends the batch, and the caller comes again with the rest.
            parameters = ParametersFor(depth, IoUringSetupFlags.None);
            handle = IoUringSyscalls.TrySetup(parameters.SqEntries, ref parameters, out errno);
        }

        if (handle is null)
        {
            throw new AioContextException(errno, operation, IoUringRemedy.For(errno));
        }

        try
        {
            return parameters.Features.HasFlag(IoUringFeatures.RwCurPos)
                ? new IoUringRing(handle, parameters, singleMmap)
                : throw new AioContextException(Errno.ENOSYS, operation, IoUringRemedy.TooOld);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Unmaps and closes. The kernel waits for nothing here: whoever calls this has seen that nothing is in flight.</summary>
    public void Dispose()
    {
        Unmap();
        _handle.Dispose();
    }

    private static IoUringParams ParametersFor(int depth, IoUringSetupFlags flags) => new()
    {
        SqEntries = Math.Min((uint)depth, MaxSqEntries),
        CqEntries = BitOperations.RoundUpToPowerOf2((uint)depth), // as many as there can be: it never overflows
        Flags = flags | IoUringSetupFlags.CqSize,
    };

    private byte* Map(nuint length, long offset)
    {
        var address = IoUringSyscalls.Map(Descriptor, length, offset);
        if (address == -1)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            Unmap();
            throw new AioContextException(errno, "mmap of an io_uring", IoUringRemedy.For(errno));
        }

        _mappings.Add((address, length));
        return (byte*)address;
    }

    private void Unmap()
    {
        foreach (var (address, length) in _mappings)
        {
            _ = IoUringSyscalls.MUnmap(address, length);
        }

        _mappings.Clear();
    }
}
