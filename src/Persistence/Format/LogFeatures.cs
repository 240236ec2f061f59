namespace AkkaAio.Persistence.Format;

/// <summary>
/// What a store may have beyond the first build of format version 1, as bits: in its STORE file, and in the header of each segment. A
/// feature begins with a new segment, so that it may change all that follows the header.
/// </summary>
internal static class LogFeatures
{
    /// <summary>A store with another one is refused.</summary>
    public const uint KnownToReaders = 0;

    /// <summary>A store with another one can be read, and is not opened for writing.</summary>
    public const uint KnownToWriters = 0;

    /// <exception cref="AioLogVersionException">There are others than the known ones.</exception>
    public static void Check(string path, uint features, uint known)
    {
        if ((features & ~known) != 0)
        {
            throw new AioLogVersionException(path, SegmentHeader.Version, features & ~known);
        }
    }
}
