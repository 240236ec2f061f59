namespace AkkaAio;

/// <summary>Whether to bypass the page cache.</summary>
public enum DirectIo
{
    /// <summary>Direct where the file system allows it, else buffered.</summary>
    Auto,

    /// <summary>Direct, or the open fails.</summary>
    Required,

    /// <summary>Buffered: any offset, length and address will do.</summary>
    Off,
}
