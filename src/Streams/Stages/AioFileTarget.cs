namespace AkkaAio.Streams.Stages;

/// <summary>What a stage reads or writes: a path that it opens and closes, or a file of the user's, which it leaves open.</summary>
internal readonly record struct AioFileTarget
{
    public AioFileTarget(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
    }

    public AioFileTarget(AioFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        File = file;
    }

    public string? Path { get; }

    public AioFile? File { get; }

    public override string ToString() => Path ?? $"{File}";
}
