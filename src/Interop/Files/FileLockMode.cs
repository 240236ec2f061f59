namespace AkkaAio;

/// <summary>
/// A lock that an open holds from before its first I/O until its descriptor is closed: fcntl(2), F_OFD_SETLK, over the whole file. It keeps
/// out other opens that ask for a lock, in this process and in others. Opens that ask for none go on.
/// </summary>
public enum FileLockMode
{
    /// <summary>No lock.</summary>
    None,

    /// <summary>Goes with other shared ones; needs read access.</summary>
    Shared,

    /// <summary>Goes with no other; needs write access.</summary>
    Exclusive,
}
