using AkkaAio.Tests.Support;

namespace AkkaAio.Demo.Tests.Clustering;

/// <summary>A cluster by <c>config/node-tls.conf</c>: a process without a certificate of its authority stays out.</summary>
public sealed class TlsSpecs : IDisposable
{
    private static readonly string Config = Path.Join(AppContext.BaseDirectory, "config", "node-tls.conf");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task A_node_without_a_certificate_of_the_authority_stays_out()
    {
        Needs.Tool("openssl");
        await MakeCertificatesAsync("ours");
        await MakeCertificatesAsync("theirs");
        var port = FreePort.Take();
        (string, string) seeds = ("AKKA__CLUSTER__SEED_NODES", $"[\"akka.ssl.tcp://files@127.0.0.1:{port}\"]");
        (string, string) soon = ("AKKA__CLUSTER__SHUTDOWN_AFTER_UNSUCCESSFUL_JOIN_SEED_NODES", "3s");
        using var node = await DemoNode.StartAsync(Config, port, _folder["disk"], [seeds, .. Certificates("ours")]);

        // one of ours gets in: what keeps the others out is the certificate
        var status = await EndAsync(DemoProcess.StartWith(Certificates("ours"), ["cluster", "status", "--config", Config, .. node.Seed]));
        Assert.Contains(status.ShouldBeQuiet().Stdout, line => line.Contains(node.Disk, StringComparison.Ordinal));

        string[] start = ["--port", "0", "--data", Directory.CreateDirectory(_folder["other"]).FullName];
        var stranger = EndAsync(DemoProcess.StartWith([seeds, soon, .. Certificates("theirs")], ["node", "--config", Config, .. start]));
        var plain = EndAsync(DemoProcess.StartWith([], ["cluster", "status", "--wait", "3", .. node.Seed]));
        (await stranger).ShouldFail("could not join", $"127.0.0.1:{port}");
        (await plain).ShouldComplain("no node of a cluster answers", $"127.0.0.1:{port}");
    }

    [SkippableFact]
    public async Task A_certificate_that_cannot_be_read_is_named()
    {
        Needs.Tool("openssl");
        await MakeCertificatesAsync("ours");
        const string Password = "AKKA__REMOTE__DOT_NETTY__TCP__SSL__CERTIFICATE__PASSWORD";
        string[] start = ["node", "--config", Config, "--port", "0", "--data", _folder["disk"]];

        (await EndAsync(DemoProcess.StartWith([], start))).ShouldComplain("ssl.certificate.path", "127.0.0.1.pfx", "ENOENT");
        (await EndAsync(DemoProcess.StartWith([.. Certificates("ours"), (Password, "other")], start)))
            .ShouldComplain("ssl.certificate.path", "127.0.0.1.pfx", "password");
    }

    private static async Task<DemoResult> EndAsync(DemoProcess process)
    {
        using (process)
        {
            return await process.EndAsync();
        }
    }

    private async Task MakeCertificatesAsync(string folder) =>
        (await DemoProcess.RunCommandAsync(
            "bash", Path.Join(AppContext.BaseDirectory, "make-certificates.sh"), _folder[folder], "127.0.0.1")).ShouldBeQuiet();

    private (string Name, string Value)[] Certificates(string folder) =>
    [
        ("SSL_CERT_FILE", _folder["ours/ca.crt"]),
        ("AKKA__REMOTE__DOT_NETTY__TCP__SSL__CERTIFICATE__PATH", _folder[$"{folder}/127.0.0.1.pfx"]),
    ];
}
