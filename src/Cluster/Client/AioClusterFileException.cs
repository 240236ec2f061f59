namespace AkkaAio.Cluster;

/// <summary>Why a call on a file of the cluster failed.</summary>
public enum AioClusterFailure
{
    /// <summary>The owner did not answer until <c>call-timeout</c>: its disk is away, or the cluster has no majority here.</summary>
    Unavailable,

    /// <summary>
    /// Two nodes have a disk of that id: one is a copy of the other. Nothing is opened on either until one has been stopped.
    /// </summary>
    DiskDoubled,

    /// <summary>There is no such file.</summary>
    NotFound,

    /// <summary>
    /// There is one already. With <see cref="AioOutcome.MayHaveHappened"/> the call was told again: it may have made a file that another
    /// client has deleted and made anew.
    /// </summary>
    Exists,

    /// <summary>The name is not canonical, or leads to something that is no regular file with one name.</summary>
    BadName,

    /// <summary>An offset or length that cannot be.</summary>
    BadArgument,

    /// <summary>A log was to be written over, or a file was opened as another kind than it is.</summary>
    WrongKind,

    /// <summary>The owner has too much to do, and still had when the call's time was over.</summary>
    Overloaded,

    /// <summary>The disk is nearly full.</summary>
    DiskFull,

    /// <summary>The owner's disk failed.</summary>
    Io,

    /// <summary>
    /// A log has a damaged place with whole frames behind it. It can be read, up to there and behind it; nothing is appended,
    /// and nothing was cut off.
    /// </summary>
    Damaged,

    /// <summary>
    /// Of FlushAsync: an owner ended before it had flushed what it had acknowledged to this object without Dsync, and that may be lost.
    /// Each later FlushAsync of this object says so, too: open the file again, and write again what was not durable.
    /// </summary>
    Lost,

    /// <summary>The file ends elsewhere than the call expected: another client has appended or truncated.</summary>
    WrongEnd,

    /// <summary>The file was deleted, and made again, since it was opened.</summary>
    Replaced,

    /// <summary>
    /// The owner of a plain file changed before it had answered: the change may have been made, and was not made again. See
    /// <see cref="AioClusterOpenOptions.MayRepeatChanges"/>.
    /// </summary>
    OwnerChanged,

    /// <summary>The owner runs another version, which does not know the request.</summary>
    Unsupported,
}

/// <summary>A call on a file of the cluster failed.</summary>
public sealed class AioClusterFileException : IOException
{
    internal AioClusterFileException(string address, AioClusterFailure failure, AioOutcome outcome, string message, long? end = null)
        : base(message)
    {
        Address = address;
        Failure = failure;
        Outcome = outcome;
        End = end;
    }

    /// <summary>The file.</summary>
    public string Address { get; }

    /// <summary>Why.</summary>
    public AioClusterFailure Failure { get; }

    /// <summary>Whether the change may have been made.</summary>
    public AioOutcome Outcome { get; }

    /// <summary>Of <see cref="AioClusterFailure.WrongEnd"/>: where the file ends.</summary>
    public long? End { get; }
}
