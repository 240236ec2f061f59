using System.Diagnostics;
using Xunit;

namespace AkkaAio.Tests.Support;

/// <summary>An ext4 of 32 MiB on a loop device. Needs root, and a skip says so.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("akka-aio-disk-").FullName;
    private bool _isMounted;

    public SmallDisk()
    {
        try
        {
            Mount();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string this[string name] => Path.Combine(_folder, "mount", name);

    public long Free => new DriveInfo(Path.Combine(_folder, "mount")).AvailableFreeSpace;

    public void Dispose()
    {
        if (_isMounted)
        {
            _isMounted = false;
            Assert.Null(Run("umount", Path.Combine(_folder, "mount")));
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private void Mount()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root may mount");
        var image = Path.Combine(_folder, "image");
        using (var file = File.Create(image))
        {
            file.SetLength(32 << 20);
        }

        var mount = Directory.CreateDirectory(Path.Combine(_folder, "mount")).FullName;
        var whyNot = Run("mkfs.ext4", "-q", "-F", "-m", "0", image) ?? Run("mount", "-o", "loop", image, mount);
        Skip.If(whyNot is not null, whyNot);
        _isMounted = true;
    }

    // What it said where it failed.
    private static string? Run(string tool, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{tool}: {errors.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"{tool}: {e.Message}";
        }
    }
}
