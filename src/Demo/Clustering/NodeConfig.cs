using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Cluster.SBR;
using Akka.Configuration;
using AkkaAio.Cluster;
using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Configuration;

namespace AkkaAio.Demo.Clustering;

/// <summary>
/// The configuration of a node: the file, environment variables over it, options over both; checked before anything starts.
/// </summary>
internal static class NodeConfig
{
    /// <summary>The name of the actor system: a part of every node's address.</summary>
    public const string SystemName = "files";

    private const string Tcp = "akka.remote.dot-netty.tcp";

    // Signals end the demo through StopSignals, not through Akka's hook. Nothing is written past the loggers.
    private const string Fixed =
        """
        akka {
          stdout-loglevel = OFF
          coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
        }
        """;

    /// <exception cref="DemoException">A key is wrong; names it.</exception>
    /// <exception cref="UsageException">No file, or a path that is none.</exception>
    public static Config Read(string? file, int? port, IReadOnlyList<string> directories)
    {
        if (file is null)
        {
            throw new UsageException("--config FILE is needed; config/node.conf is one to begin with");
        }

        foreach (var directory in directories)
        {
            LostNames.Refuse(directory);
        }

        try
        {
            var keys = ClusterKeys.Defaults();
            var written = DemoConfig.ReadFile(file, keys);
            var environment = EnvironmentKeys.Read();
            if (!environment.IsEmpty && RootKeys.FindMistake(environment, keys) is { } mistake)
            {
                throw new DemoException($"environment variables: {mistake}");
            }

            var config = Over(Options(port, directories), Over(environment, written.WithFallback(ConfigurationFactory.ParseString(Fixed))));
            Check(file, config.WithFallback(keys));
            return config;
        }
        catch (DemoException e)
        {
            throw new DemoException(e.Message, ExitCode.Usage);
        }
    }

    /// <summary>Where the node will listen; an error in words if another process does.</summary>
    /// <exception cref="DemoException">The port is in use, or the address is not of this machine.</exception>
    public static void CheckPort(Config config)
    {
        var port = PortOf(config);
        var host = config.GetString($"{Tcp}.bind-hostname") is { Length: > 0 } bind ? bind : config.GetString($"{Tcp}.hostname");
        if (port == 0 || !IPAddress.TryParse(host is "localhost" ? "127.0.0.1" : host, out var address))
        {
            return; // remoting resolves it
        }

        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException e)
        {
            throw new DemoException(e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse =>
                    $"{host}:{port} is in use by another process; give this node a port of its own: --port, or {Tcp}.port",
                SocketError.AddressNotAvailable => $"{host} is no address of this machine ({Tcp}.hostname)",
                SocketError.AccessDenied => $"{host}:{port} may not be used by this user ({Tcp}.port)",
                _ => $"{host}:{port}: {e.Message}",
            });
        }
    }

    /// <summary>The upper layer over the lower one, either of which may be empty.</summary>
    public static Config Over(Config upper, Config lower) => upper.IsEmpty ? lower : lower.IsEmpty ? upper : upper.WithFallback(lower);

    private static void Check(string file, Config config)
    {
        try
        {
            StartChecks.Check(config, AioClusterSettings.Create(config));
            _ = AioSettings.Create(config);
            CheckSeeds(config);
            CheckCertificate(config);
            _ = new SplitBrainResolverSettings(config);
            NodeLog.Check(config);
        }
        catch (Exception e) when (e is AioConfigurationException or AioClusterException or DemoException)
        {
            throw new DemoException($"{file}: {e.Message}");
        }
        catch (Exception e) when (e is FormatException or OverflowException or ConfigurationException or InvalidCastException)
        {
            throw new DemoException($"{file}: {Complaint.Describe(e)}");
        }
    }

    private static void CheckSeeds(Config config)
    {
        var protocol = config.GetBoolean($"{Tcp}.enable-ssl") ? "akka.ssl.tcp" : "akka.tcp";
        foreach (var seed in config.GetStringList("akka.cluster.seed-nodes"))
        {
            if (!Address.TryParse(seed, out var address) || address.System != SystemName || address.Protocol != protocol ||
                address.Port is null)
            {
                throw new DemoException($"akka.cluster.seed-nodes: \"{seed}\" is no {protocol}://{SystemName}@HOST:PORT");
            }
        }
    }

    private static void CheckCertificate(Config config)
    {
        const string Key = $"{Tcp}.ssl.certificate";
        var path = config.GetString($"{Key}.path");
        if (!config.GetBoolean($"{Tcp}.enable-ssl") || config.GetBoolean($"{Key}.use-thumbprint-over-file") || string.IsNullOrEmpty(path))
        {
            return; // from a store, or from code
        }

        try
        {
            using var certificate = X509CertificateLoader.LoadPkcs12(File.ReadAllBytes(path), config.GetString($"{Key}.password"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DemoException($"{Key}.path: {Complaint.Describe(path, e)}");
        }
        catch (CryptographicException e)
        {
            throw new DemoException($"{Key}.path: {path}: {Complaint.Describe(e)}");
        }
    }

    private static int PortOf(Config config)
    {
        try
        {
            return config.GetInt($"{Tcp}.port");
        }
        catch (Exception e) when (e is FormatException or OverflowException or ConfigurationException)
        {
            throw new DemoException($"{Tcp}.port = {config.GetString($"{Tcp}.port")} is no port", ExitCode.Usage);
        }
    }

    private static Config Options(int? port, IReadOnlyList<string> directories)
    {
        List<string> lines = [];
        if (port is not null)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{Tcp}.port = {port}"));
        }

        if (directories.Count > 0)
        {
            lines.Add($"{AioClusterSettings.Path}.directories = [{string.Join(", ", directories.Select(HoconString.Quote))}]");
        }

        return lines.Count == 0 ? Config.Empty : ConfigurationFactory.ParseString(string.Join('\n', lines));
    }
}
