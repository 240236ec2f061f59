namespace AkkaAio.Persistence;

/// <summary>
/// A log was written by a later version of AkkaAio.Persistence, or with a feature that this one does not know; <see
/// cref="AioException.Path"/> is the file. Nothing was changed.
/// </summary>
public sealed class AioLogVersionException : AioException
{
    internal AioLogVersionException(string path, int version, uint features)
        : base(
            $"{path} has format version {version}{(features == 0 ? "" : $" with the unknown features 0x{features:x}")}; this build " +
            "knows version 1. Use the build that wrote it, or a later one")
    {
        (Path, Version, Features) = (path, version, features);
    }

    /// <summary>The format version of the file.</summary>
    public int Version { get; }

    /// <summary>The features, as bits, that this build does not know; 0: the version is the reason.</summary>
    public uint Features { get; }
}
