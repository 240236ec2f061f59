namespace AkkaAio.Cluster;

/// <summary>The two kinds of file. A file keeps the kind that it was made as.</summary>
public enum AioClusterFileKind
{
    /// <summary>Bytes exactly as they are sent, written anywhere.</summary>
    Plain = 1,

    /// <summary>Appended to alone; each append is a frame with the epoch of its owner, its writer and a checksum.</summary>
    Log = 2,
}

/// <summary>How to open a file of the cluster.</summary>
public sealed record AioClusterOpenOptions
{
    /// <summary>A file that is there.</summary>
    public static AioClusterOpenOptions Default { get; } = new();

    /// <summary>Open: it must be there. OpenOrCreate. CreateNew: it must not. Others are refused.</summary>
    public FileMode Mode { get; init; } = FileMode.Open;

    /// <summary>The kind of a file that is made; a file that is there must be of it. Null: any; plain where it is made.</summary>
    public AioClusterFileKind? Kind { get; init; }

    /// <summary>
    /// Of a plain file: a change whose answer was lost with its owner is made again by the next one, instead of failing with
    /// <see cref="AioClusterFailure.OwnerChanged"/>. Right where no other client changes these bytes: what another has written in the
    /// meantime is written over.
    /// </summary>
    public bool MayRepeatChanges { get; init; }
}

/// <summary>What is known of a file.</summary>
/// <param name="Address">Where it is.</param>
/// <param name="Length">Bytes; of a log with its frames.</param>
/// <param name="Kind">Plain or log.</param>
public sealed record AioClusterFileStatus(string Address, long Length, AioClusterFileKind Kind);

/// <summary>A disk of the cluster, as its members say.</summary>
/// <param name="Id">Its id: the first part of its files' addresses.</param>
/// <param name="Node">The address of its node.</param>
public sealed record AioClusterDisk(string Id, string Node)
{
    /// <summary>Other nodes have it too (<c>storage = shared</c>).</summary>
    public bool IsShared { get; init; }
}

/// <summary>What a disk says of itself.</summary>
/// <param name="Id">Its id.</param>
/// <param name="FreeBytes">Free, for files of the user that the node runs as.</param>
/// <param name="SizeBytes">In all.</param>
/// <param name="OpenFiles">Files that its node has open.</param>
/// <param name="Starts">How often it has been started.</param>
public sealed record AioClusterDiskStatus(string Id, long FreeBytes, long SizeBytes, int OpenFiles, long Starts);
