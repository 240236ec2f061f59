using AkkaAio.Dispatch;

namespace AkkaAio.Tasks;

/// <summary><see cref="AioFile.AsStream"/>: a position over a file's operations.</summary>
internal sealed class AioFileStream(AioFile file, bool leaveOpen) : Stream
{
    private long _position;
    private bool _isClosed;

    public override bool CanRead => !_isClosed && file.Access.HasFlag(FileAccess.Read);

    public override bool CanSeek => !_isClosed;

    public override bool CanWrite => !_isClosed && file.Access.HasFlag(FileAccess.Write) && file.OffsetAlignment == 1;

    public override long Length
    {
        get
        {
            ThrowIfClosed();
            return file.Length;
        }
    }

    public override long Position
    {
        get
        {
            ThrowIfClosed();
            return _position;
        }

        set
        {
            ThrowIfClosed();
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _position = value;
        }
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        ThrowIfClosed();
        var position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            SeekOrigin.End => file.Length + offset,
            _ => throw new ArgumentException($"SeekOrigin {origin} does not exist", nameof(origin)),
        };
        return position >= 0 ? _position = position : throw new IOException($"a position before the file's begin: {position}");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowUnless(CanRead, "reading");
        try
        {
            var count = await file.ReadAsync(buffer, _position, cancellationToken).ConfigureAwait(false);
            _position += count;
            return count;
        }
        catch (AioException e)
        {
            throw e.ToBcl();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowUnless(CanWrite, "writing");
        try
        {
            await file.WriteAsync(buffer, _position, cancellationToken).ConfigureAwait(false);
            _position += buffer.Length;
        }
        catch (AioException e)
        {
            throw e.ToBcl();
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        if (!CanWrite)
        {
            return;
        }

        try
        {
            await file.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (AioException e)
        {
            throw e.ToBcl();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(WriteAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override void EndWrite(IAsyncResult asyncResult) => TaskToAsyncResult.End(asyncResult);

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        ThrowUnless(CanRead, "reading");
        ThrowOnShard();
        try
        {
            // The operation's own Task, and not that of an async method: it is completed where the pool has no thread to spare.
            var read = file.ReadAsync(buffer.AsMemory(offset, count), _position).AsTask().GetAwaiter().GetResult();
            _position += read;
            return read;
        }
        catch (AioException e)
        {
            throw e.ToBcl();
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        ThrowUnless(CanWrite, "writing");
        Wait(() => file.WriteAsync(buffer.AsMemory(offset, count), _position));
        _position += count;
    }

    public override void Flush()
    {
        ThrowIfClosed();
        if (CanWrite)
        {
            Wait(() => file.FlushAsync());
        }
    }

    /// <summary>As of <see cref="FileStream"/>: a position behind the new end goes there.</summary>
    public override void SetLength(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ThrowUnless(CanWrite, "writing");
        Wait(() => file.SetLengthAsync(value));
        _position = Math.Min(_position, value);
    }

    public override async ValueTask DisposeAsync()
    {
        var closes = !_isClosed && !leaveOpen;
        _isClosed = true;
        if (closes)
        {
            await file.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed)
        {
            _isClosed = true;
            var closed = leaveOpen ? Task.CompletedTask : file.DisposeAsync().AsTask();
            if (!IsOnShard)
            {
                closed.GetAwaiter().GetResult(); // on the shard's thread it closes after what is running there
            }
        }

        base.Dispose(disposing);
    }

    private static bool IsOnShard => ThreadExecutor.Current is not null || SynchronizationContext.Current is ShardThread;

    private static void Wait(Func<ValueTask> operation)
    {
        ThrowOnShard();
        try
        {
            operation().AsTask().GetAwaiter().GetResult();
        }
        catch (AioException e)
        {
            throw e.ToBcl();
        }
    }

    private static void ThrowOnShard()
    {
        if (IsOnShard)
        {
            throw new InvalidOperationException(
                "a synchronous call would wait on the shard's thread for an operation that needs it: await the asynchronous method");
        }
    }

    private void ThrowUnless(bool can, string what)
    {
        ThrowIfClosed();
        if (!can)
        {
            throw new NotSupportedException(
                file.Access.HasFlag(FileAccess.Write) && what == "writing"
                    ? $"{file.Path} is direct, and takes aligned writes only: open it with Direct = Off, or use AioFile.WriteAsync"
                    : $"{file.Path} was opened for {file.Access}, not for {what}");
        }
    }

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(_isClosed, this);
}
