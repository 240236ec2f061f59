using AkkaAio.Interop.Abi;
using AkkaAio.Interop.Engines;

namespace AkkaAio.TestKit;

/// <summary>A write or flush in flight, for the history of its file.</summary>
internal sealed class RecordedOperation
{
    private readonly FileHistory _file;
    private readonly int? _flush; // up to which tick it covers what was applied

    public RecordedOperation(MemoryInode inode, in IoRequest request)
    {
        _file = inode.History!;
        _flush = request.Opcode == IoOpcode.DataSync ? _file.FlushAccepted() : null;
        Write = request.Opcode == IoOpcode.Write ? inode.Submit(BytesOf(request), request.Offset) : null;
    }

    public Change? Write { get; }

    /// <summary>The bytes that a write writes.</summary>
    public static Span<byte> BytesOf(in IoRequest request)
    {
        var bytes = new byte[request.Length];
        var left = bytes.AsSpan();
        ReadOnlySpan<IoVec> vectors = request.Vectors > 0 ? request.GetVectors() : [new IoVec(request.Buffer, request.Length)];
        foreach (var vector in vectors)
        {
            vector.AsSpan().CopyTo(left);
            left = left[(int)vector.Length..];
        }

        return bytes;
    }

    /// <summary>It is over: bytes that were moved, or a negated errno.</summary>
    public void Ended(long result)
    {
        if (_flush is { } accepted)
        {
            _file.Flushed(accepted, result >= 0);
        }
        else if (Write is not null && result < 0)
        {
            _file.Failed(Write, mayHaveHappened: result == -(long)Errno.EIO);
        }
    }
}
