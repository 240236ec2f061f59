using Google.Protobuf;

namespace AkkaAio.Cluster.Owner;

/// <summary>The replies of an owner.</summary>
internal static class Replies
{
    /// <summary>Of a later version: to us a request without one.</summary>
    public const string UnknownOperation = "an operation of a later version";

    public static Wire.Reply Opened(OpenedFile file, long end, long credit) => new()
    {
        Opened = new Wire.FileOpened
        {
            FileId = BytesOf(file.Facts.Id),
            Epoch = file.Epoch,
            End = end,
            Kind = file.Facts.Kind,
            Credit = credit,
        },
    };

    public static Wire.Reply Done(long end) => new() { Done = new Wire.Done { End = end } };

    public static Wire.Reply WrongEnd(long end) => new() { WrongEnd = new Wire.WrongEnd { End = end } };

    public static Wire.Reply Moved(OpenedFile file) =>
        new() { Moved = new Wire.Moved { FileId = BytesOf(file.Facts.Id), Epoch = file.Epoch } };

    public static Wire.Reply Data(byte[] bytes, int count) => new()
    {
        Data = new Wire.Data { Data_ = UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(0, count)) },
    };

    public static Wire.Reply Unsupported(string manifest) => new() { Unsupported = new Wire.Unsupported { Manifest = manifest } };

    public static Wire.Reply Failure(Wire.FailureKind kind, string message, bool mayHaveHappened = false, Errno errno = Errno.None) => new()
    {
        Failure = new Wire.Failure { Kind = kind, Message = message, MayHaveHappened = mayHaveHappened, Errno = (int)errno },
    };

    public static Wire.Reply Failure(Exception error, bool mayHaveHappened) => error switch
    {
        AioSystemException { Errno: Errno.ENOENT } =>
            Failure(Wire.FailureKind.FailureNotFound, error.Message, mayHaveHappened, Errno.ENOENT),
        AioSystemException { Errno: Errno.EEXIST } => Failure(Wire.FailureKind.FailureExists, error.Message, mayHaveHappened, Errno.EEXIST),
        AioSystemException { Errno: Errno.ENOSPC or Errno.EDQUOT } e =>
            Failure(Wire.FailureKind.FailureDiskFull, e.Message, mayHaveHappened, e.Errno),
        AioSystemException { Errno: Errno.ELOOP or Errno.EXDEV or Errno.ENOTDIR or Errno.EISDIR or Errno.ENAMETOOLONG } e =>
            Failure(Wire.FailureKind.FailureBadName, e.Message, mayHaveHappened, e.Errno),
        AioArgumentException => Failure(Wire.FailureKind.FailureBadName, error.Message, mayHaveHappened),
        AioOverloadedException or AioBufferBudgetException => Failure(Wire.FailureKind.FailureOverloaded, error.Message, mayHaveHappened),
        // An open before has its lock still.
        AioSystemException { Errno: Errno.EAGAIN } => Failure(Wire.FailureKind.FailureMoving, error.Message, mayHaveHappened, Errno.EAGAIN),
        AioSystemException e => Failure(Wire.FailureKind.FailureIo, e.Message, mayHaveHappened, e.Errno),
        _ => Failure(Wire.FailureKind.FailureIo, error.Message, mayHaveHappened),
    };

    public static ByteString BytesOf(Guid id) => ByteString.CopyFrom(id.ToByteArray(bigEndian: true));
}
