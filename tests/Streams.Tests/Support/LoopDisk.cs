using System.Diagnostics;
using Xunit;

namespace AkkaAio.Streams.Tests.Support;

/// <summary>
/// A loop device with sectors of this many bytes, and a file system on it if one is named. Needs root, and a skip says so.
/// </summary>
internal sealed class LoopDisk : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("akka-aio-loop-").FullName;
    private readonly string _mount;
    private bool _isMounted;

    public LoopDisk(int sector, string? fileSystem = null)
    {
        _mount = Path.Combine(_folder, "mount");
        try
        {
            SetUp(sector, fileSystem);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The device.</summary>
    public string Device { get; private set; } = "";

    /// <summary>The path of a file on the file system.</summary>
    public string this[string name] => Path.Combine(_mount, name);

    public void Dispose()
    {
        if (_isMounted)
        {
            _isMounted = false;
            Assert.Null(Run("umount", _mount).Error);
        }

        if (Device.Length > 0)
        {
            Assert.Null(Run("losetup", "-d", Device).Error);
            Device = "";
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private void SetUp(int sector, string? fileSystem)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root may set up loop devices");
        var image = Path.Combine(_folder, "image");
        using (var file = File.Create(image))
        {
            file.SetLength(fileSystem is null ? 4 << 20 : 320 << 20); // XFS has at least 300 MiB
        }

        Device = Must("losetup", "--show", "--sector-size", $"{sector}", "-f", image);
        if (fileSystem is not null)
        {
            Directory.CreateDirectory(_mount);
            Must($"mkfs.{fileSystem}", "-q", Device);
            Must("mount", Device, _mount);
            _isMounted = true;
        }
    }

    private static string Must(string tool, params string[] arguments)
    {
        var (output, error) = Run(tool, arguments);
        Skip.If(error is not null, error);
        return output;
    }

    // What it said, and where it failed why.
    private static (string Output, string? Error) Run(string tool, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEnd();
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (output.Trim(), process.ExitCode == 0 ? null : $"{tool}: {error.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return ("", $"{tool}: {e.Message}");
        }
    }
}
