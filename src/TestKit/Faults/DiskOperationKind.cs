namespace AkkaAio.TestKit;

/// <summary>What a disk is asked to do.</summary>
public enum DiskOperationKind
{
    /// <summary>A read, from the file's context or on a blocking thread.</summary>
    Read,

    /// <summary>A write, likewise.</summary>
    Write,

    /// <summary>fdatasync: what was written before it is on stable storage.</summary>
    Flush,

    /// <summary>
    /// io_submit: its length is the number of operations, and it has no path. Not in <see cref="AioTestDisk.Operations"/>.
    /// </summary>
    Submit,

    /// <summary>The open of a file.</summary>
    Open,

    /// <summary>The close of a file, which does not fail.</summary>
    Close,

    /// <summary>ftruncate: its length is the file's new one.</summary>
    SetLength,

    /// <summary>fallocate, for <c>Allocate</c>, <c>PreallocationSize</c> and growth ahead.</summary>
    Allocate,

    /// <summary>fallocate with FALLOC_FL_PUNCH_HOLE.</summary>
    PunchHole,

    /// <summary>A rename; the fsync of the folder that follows is an operation of its own.</summary>
    Rename,

    /// <summary>An unlink; the fsync of the folder that follows is an operation of its own.</summary>
    Delete,

    /// <summary>fsync of a folder: its path is the folder's.</summary>
    SyncFolder,
}

/// <summary>Where an operation is.</summary>
public enum DiskOperationState
{
    /// <summary>It is being done, or has been done and its completion is on the way.</summary>
    Running,

    /// <summary>A <see cref="DiskHold"/> keeps it.</summary>
    Held,

    /// <summary>A rule made with <see cref="DiskOperations.Delay"/> keeps it until the disk's clock is there.</summary>
    Delayed,

    /// <summary>The disk has done with it: <see cref="DiskOperation.Error"/> says how it ended.</summary>
    Ended,
}
