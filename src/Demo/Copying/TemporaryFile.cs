using AkkaAio.Demo.CommandLine;
using AkkaAio.Interop.Files;

namespace AkkaAio.Demo.Copying;

/// <summary>An empty file beside the destination, for the owner's eyes only, that becomes the destination or is removed.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode SetId = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    private readonly string _folder;
    private bool _renamed;

    public TemporaryFile(string folder)
    {
        _folder = folder;
        Path = System.IO.Path.Join(folder, $".akka-aio-copy-{Guid.NewGuid():N}");
        try
        {
            // Before any data is in it: a copy of a secret must at no time be open to others.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) // there a file has the permissions of its folder
            {
                options.UnixCreateMode = OwnerOnly;
            }

            using var file = new FileStream(Path, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DemoException($"cannot make a file in {Complaint.Describe(folder, e)}");
        }
    }

    public string Path { get; }

    /// <summary>
    /// Gives the file its permissions. Set-user-id and set-group-id only where owner and group are the same: a copy with another owner
    /// would run as that one.
    /// </summary>
    public void TakeModeOf(PathStatus source)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var mine = PathStatus.TryGet(Path, followLink: false, out var status) == Errno.None &&
                   (status.UserId, status.GroupId) == (source.UserId, source.GroupId);
        File.SetUnixFileMode(Path, mine ? source.Mode : source.Mode & ~SetId);
    }

    /// <summary>Renames it to the destination, which is replaced in one step, and makes the new name durable.</summary>
    public void Become(string destination)
    {
        File.Move(Path, destination, overwrite: true);
        _renamed = true;
        FolderSync.Sync(_folder);
    }

    public void Dispose()
    {
        if (!_renamed)
        {
            File.Delete(Path);
        }
    }
}
