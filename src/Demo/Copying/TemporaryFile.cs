using AkkaAio.Cluster.Paths;
using AkkaAio.Demo.CommandLine;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Demo.Copying;

/// <summary>An empty file beside the destination, for the owner's eyes only, that becomes the destination or is removed.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder;
    private readonly FileStream _file;
    private bool _renamed;

    public TemporaryFile(string folder)
    {
        _folder = folder;
        Path = System.IO.Path.Join(folder, $".akka-aio-copy-{Guid.NewGuid():N}");
        try
        {
            // Before any data is in it: a copy of a secret must at no time be open to others.
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
            };
            if (!OperatingSystem.IsWindows()) // there a file has the permissions of its folder
            {
                options.UnixCreateMode = OwnerOnly;
            }

            _file = new FileStream(Path, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DemoException($"cannot make a file in {Complaint.Describe(folder, e)}");
        }
    }

    public string Path { get; }

    /// <summary>The file itself, whatever becomes of its name.</summary>
    public SafeFileHandle Handle => _file.SafeFileHandle;

    /// <summary>Renames it to the destination, which is replaced in one step, and makes the new name durable.</summary>
    public void Become(string destination)
    {
        File.Move(Path, destination, overwrite: true);
        _renamed = true;
        FolderSync.Sync(_folder, Handle);
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!_renamed)
        {
            File.Delete(Path);
        }
    }
}
