namespace AkkaAio;

/// <summary>A shard's queue is full: wait for replies before telling more, or raise <c>akka.io.aio.max-queue-size</c>. Nothing was
/// done.</summary>
public sealed class AioOverloadedException : AioException
{
    /// <summary>Builds the message from the shard's figures.</summary>
    public AioOverloadedException(string operation, string path, int shard, int maxQueueSize)
        : base($"{Describe(operation, path, null, null)}: shard {shard} has {maxQueueSize} commands waiting, its max-queue-size; " +
               "wait for replies before telling more")
    {
        Operation = operation;
        Path = path;
        Shard = shard;
        MaxQueueSize = maxQueueSize;
    }

    /// <summary>The shard.</summary>
    public int Shard { get; }

    /// <summary>Commands that may wait there.</summary>
    public int MaxQueueSize { get; }
}

/// <summary>The file was closed before the command, or belongs to another actor system. Nothing was done.</summary>
public sealed class AioClosedException : AioException
{
    /// <summary>Builds the message; <paramref name="reason"/> says what is closed.</summary>
    public AioClosedException(string operation, string path, string reason)
        : base($"{Describe(operation, path, null, null)}: {reason}")
    {
        Operation = operation;
        Path = path;
    }

    /// <inheritdoc/>
    public override Exception ToBcl() => new ObjectDisposedException(Message, this);
}

/// <summary>The shard or the system stopped while it held the command. See <see cref="Aio.CommandFailed.Outcome"/>.</summary>
public sealed class AioAbortedException : AioException
{
    /// <summary>Builds the message; <paramref name="reason"/> says what stopped.</summary>
    public AioAbortedException(string operation, string? path, string reason, Exception? cause = null)
        : base($"{Describe(operation, path, null, null)}: {reason}", cause)
    {
        Operation = operation;
        Path = path;
    }
}

/// <summary>The shard has no context and refuses everything; the inner exception says why it could not open one.</summary>
public sealed class AioUnavailableException : AioException
{
    /// <summary>Builds the message from the shard's number and the cause.</summary>
    public AioUnavailableException(string operation, string path, int shard, Exception cause)
        : base($"{Describe(operation, path, null, null)}: shard {shard} is unavailable: {cause?.Message}", cause)
    {
        Operation = operation;
        Path = path;
        Shard = shard;
    }

    /// <summary>The shard.</summary>
    public int Shard { get; }
}

/// <summary>The command was cancelled. See <see cref="Aio.CommandFailed.Outcome"/>: what the kernel had already may happen still.</summary>
public sealed class AioCanceledException : AioException
{
    /// <summary>Builds the message from the command's parts.</summary>
    public AioCanceledException(string operation, string path)
        : base($"{Describe(operation, path, null, null)}: cancelled")
    {
        Operation = operation;
        Path = path;
    }

    /// <summary>An <see cref="OperationCanceledException"/>, with this exception inside.</summary>
    public override Exception ToBcl() => new OperationCanceledException(Message, this);
}

/// <summary>The kernel stopped a write short, again and again. <see cref="Written"/> bytes are in the file.</summary>
public sealed class AioShortWriteException : AioException
{
    /// <summary>Builds the message from the figures.</summary>
    public AioShortWriteException(string path, long offset, long length, long written, Exception? cause = null)
        : base($"{Describe("write", path, offset, length)}: only {written} bytes were written" +
               (cause is null ? "" : $"; then {cause.Message}"), cause)
    {
        Operation = "write";
        Path = path;
        Offset = offset;
        Length = length;
        Written = written;
    }

    /// <summary>Bytes written from the start of the data.</summary>
    public long Written { get; }
}

/// <summary>The command's memory was disposed, or cannot be read or written. Nothing was done to the file.</summary>
public sealed class AioBufferDisposedException : AioException
{
    /// <summary>Builds the message from the command's parts.</summary>
    public AioBufferDisposedException(string operation, string path, Exception? cause = null)
        : base($"{Describe(operation, path, null, null)}: its memory was disposed too early" +
               $"{(cause is null ? "" : $" ({cause.Message})")}; the sender keeps it until the reply", cause)
    {
        Operation = operation;
        Path = path;
    }

    /// <inheritdoc/>
    public override Exception ToBcl() => new ObjectDisposedException(Message, this);
}
