using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Files;

namespace AkkaAio.Interop.Engines.ThreadPool;

/// <summary>How a thread of the pool does a request.</summary>
internal abstract class BlockingCalls
{
    /// <summary>Does it, however long that takes. Bytes moved, or a negated errno; never throws.</summary>
    public long Perform(in IoRequest request)
    {
        if (!request.IsPossible)
        {
            return -(long)Errno.EINVAL;
        }

        try
        {
            return Do(request);
        }
        catch (AioSystemException e)
        {
            return -(long)e.Errno;
        }
        catch (Exception) // a thread that dies takes the completion with it, and its requester never gets its reply
        {
            return -(long)Errno.EIO;
        }
    }

    protected abstract long Do(in IoRequest request);

    protected static unsafe Span<byte> MemoryOf(in IoRequest request) => new((void*)request.Buffer, request.Length);
}

/// <summary>With descriptors and system calls.</summary>
internal sealed class LinuxCalls : BlockingCalls
{
    public static LinuxCalls Instance { get; } = new();

    protected override long Do(in IoRequest request)
    {
        var count = 0;
        var errno = request.Opcode switch
        {
            IoOpcode.Read when request.Vectors > 0 => FileSyscalls.ReadV(
                request.Descriptor, request.GetVectors(), request.Offset, request.Flags, out count),
            IoOpcode.Write when request.Vectors > 0 => FileSyscalls.WriteV(
                request.Descriptor, request.GetVectors(), request.Offset, request.Flags, out count),
            IoOpcode.Read => FileSyscalls.Read(
                request.Descriptor, MemoryOf(request), request.Offset, request.Flags, out count),
            IoOpcode.Write => FileSyscalls.Write(
                request.Descriptor, MemoryOf(request), request.Offset, request.Flags, out count),
            _ => FileSyscalls.DataSync(request.Descriptor),
        };
        return errno == Errno.None ? count : -(long)errno;
    }
}

/// <summary>With what the BCL has.</summary>
internal sealed class PortableCalls : BlockingCalls
{
    public static PortableCalls Instance { get; } = new();

    protected override long Do(in IoRequest request)
    {
        if (PortableFile.Of(request.Descriptor) is not { } file)
        {
            return -(long)Errno.EBADF;
        }

        IIoFile vectored = file;
        switch (request.Opcode)
        {
            case IoOpcode.Read when request.Vectors > 0:
                return vectored.ReadV(request.GetVectors(), request.Offset);
            case IoOpcode.Write when request.Vectors > 0:
                return vectored.WriteV(request.GetVectors(), request.Offset, request.Flags.HasFlag(RwFlags.DSync));
            case IoOpcode.Read:
                return file.Read(MemoryOf(request), request.Offset);
            case IoOpcode.Write:
                return file.Write(MemoryOf(request), request.Offset, request.Flags.HasFlag(RwFlags.DSync));
            default:
                file.DataSync();
                return 0;
        }
    }
}
