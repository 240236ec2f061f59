namespace AkkaAio;

/// <summary>
/// An offset, length or buffer address does not meet the alignment that direct I/O on this file needs. Carries the three offending
/// values and the required alignments. Nothing was written.
/// </summary>
public sealed class AioAlignmentException : AioException
{
    /// <summary>Builds the message from the values; <paramref name="address"/> is the buffer's, 0 for managed memory.</summary>
    public AioAlignmentException(
        string operation, string path, long offset, long length, nint address, int offsetAlignment, int memoryAlignment)
        : base($"{Describe(operation, path, offset, length)}: direct I/O needs offset and length to be multiples of {offsetAlignment}" +
               (address == 0 ? "" : $" and the memory address a multiple of {memoryAlignment}") +
               $", but offset is {offset}{(address == 0 ? "" : ",")}{(address == 0 ? " and" : "")} length is {length}" +
               $"{(address == 0 ? "" : $" and address is 0x{address:x}")}; align them or open the file with Direct = Off")
    {
        Operation = operation;
        Path = path;
        Offset = offset;
        Length = length;
        Address = address;
        OffsetAlignment = offsetAlignment;
        MemoryAlignment = memoryAlignment;
    }

    /// <summary>Address of the data; 0 for managed memory, which is copied to aligned memory anyway.</summary>
    public nint Address { get; }

    /// <summary>What offset and length must be multiples of, in bytes.</summary>
    public int OffsetAlignment { get; }

    /// <summary>What the address must be a multiple of, in bytes.</summary>
    public int MemoryAlignment { get; }
}

/// <summary>An argument that no file could serve: a negative offset, an end beyond 2^63 - 1, a write on a read-only open …</summary>
public sealed class AioArgumentException : AioException
{
    /// <summary>Builds the message from the parts; <paramref name="reason"/> says which value is wrong and what is allowed.</summary>
    public AioArgumentException(string reason, string operation, string? path = null, long? offset = null, long? length = null)
        : base($"{Describe(operation, path, offset, length)}: {reason}")
    {
        Operation = operation;
        Path = path;
        Offset = offset;
        Length = length;
    }
}

/// <summary>The buffer pool's byte budget is used up: dispose buffers sooner, or raise <c>akka.io.aio.buffer-pool.budget</c>.</summary>
public sealed class AioBufferBudgetException : AioException
{
    /// <summary>Builds the message from the figures, all in bytes.</summary>
    public AioBufferBudgetException(long requested, long allocated, long budget)
        : base($"a buffer of {requested} bytes does not fit: {allocated} of the pool's budget of {budget} bytes are taken; " +
               "dispose buffers sooner, or raise akka.io.aio.buffer-pool.budget")
    {
        Requested = requested;
        Allocated = allocated;
        Budget = budget;
    }

    /// <summary>Bytes asked for.</summary>
    public long Requested { get; }

    /// <summary>Bytes that the pool held then.</summary>
    public long Allocated { get; }

    /// <summary>Bytes that it may hold.</summary>
    public long Budget { get; }
}
