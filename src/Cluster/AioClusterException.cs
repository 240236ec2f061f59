namespace AkkaAio.Cluster;

/// <summary>What keeps a node from being one: a wrong configuration, a disk in use … The message says what to do.</summary>
public sealed class AioClusterException : Exception
{
    /// <summary>With a message.</summary>
    public AioClusterException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and its cause.</summary>
    public AioClusterException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
