using System.Diagnostics;

namespace AkkaAio.Demo.Tests;

/// <summary>The FUSE files of <c>odd_files.py</c>, mounted on a folder.</summary>
internal sealed class OddFiles : IDisposable
{
    private readonly Process _server;

    private OddFiles(Process server, string folder)
    {
        _server = server;
        Folder = folder;
    }

    public string Folder { get; }

    /// <summary>Mounts them; skips the test, with the reason, where that cannot be.</summary>
    public static async Task<OddFiles> MountAsync(string folder)
    {
        Needs.Root();
        Needs.Tool("python3");
        Skip.IfNot(File.Exists("/dev/fuse"), "needs /dev/fuse");
        Directory.CreateDirectory(folder);
        var server = Process.Start(new ProcessStartInfo("python3", [Path.Join(AppContext.BaseDirectory, "odd_files.py"), folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var files = new OddFiles(server, folder);
        var line = await server.StandardOutput.ReadLineAsync().WaitAsync(DemoProcess.Patience);
        if (line != "ready")
        {
            var reason = await server.StandardError.ReadToEndAsync();
            server.Dispose();
            Skip.If(true, $"FUSE cannot be mounted here: {reason}");
        }

        return files;
    }

    /// <summary>
    /// A file of this st_size that holds <paramref name="length"/> bytes, of which a read gives <paramref name="most"/> at most.
    /// </summary>
    public string this[long size, int length, int most] => Path.Join(Folder, $"{size}-{length}-{most}");

    /// <summary>What such a file holds.</summary>
    public static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 % 251))];

    public void Dispose()
    {
        using (var umount = Process.Start("umount", ["--lazy", Folder]))
        {
            umount.WaitForExit();
        }

        if (!_server.WaitForExit(DemoProcess.Patience))
        {
            _server.Kill();
        }

        _server.Dispose();
    }
}
