namespace AkkaAio.Cluster.Protocol;

/// <summary>A message of a later version: answered with Unsupported.</summary>
/// <param name="Manifest">What it is called.</param>
internal sealed record UnknownMessage(string Manifest);
