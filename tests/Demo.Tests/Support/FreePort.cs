using System.Net;
using System.Net.Sockets;

namespace AkkaAio.Tests.Support;

/// <summary>Ports for the nodes of tests.</summary>
internal static class FreePort
{
    private static int s_taken;

    /// <summary>
    /// A port that nobody listens to, each once. It is below the range that the kernel takes outgoing connections' ports from: one of those
    /// may be a connection's, or another test's, before the node binds it.
    /// </summary>
    public static int Take()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = 10_000 + ((Environment.ProcessId + Interlocked.Increment(ref s_taken)) % 20_000);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // somebody else's
            }
        }

        throw new IOException("no port between 10,000 and 30,000 is free");
    }
}
