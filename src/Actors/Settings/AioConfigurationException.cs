using Akka.Configuration;

namespace AkkaAio;

/// <summary>A key under <c>akka.io.aio</c> is unknown, empty, of the wrong type or impossible.</summary>
public sealed class AioConfigurationException : ConfigurationException
{
    /// <summary>Builds the message: "akka.io.aio.depth: 0 is not a whole number from 1 to 65536".</summary>
    public AioConfigurationException(string key, string reason)
        : base($"{key}: {reason}") => Key = key;

    /// <summary>The full path of the key.</summary>
    public string Key { get; }
}
