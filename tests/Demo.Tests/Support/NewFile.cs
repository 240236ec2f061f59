namespace AkkaAio.Demo.Tests;

/// <summary>Waits until a file of a certain name appears in a folder.</summary>
internal sealed class NewFile : IDisposable
{
    private readonly FileSystemWatcher _watcher;
    private readonly TaskCompletionSource<string> _path = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NewFile(TempFolder folder, string pattern)
    {
        _watcher = new FileSystemWatcher(folder.Path, pattern);
        _watcher.Created += (_, created) => _path.TrySetResult(created.FullPath);
        _watcher.EnableRaisingEvents = true;
    }

    public Task<string> Path => _path.Task.WaitAsync(DemoProcess.Patience);

    public void Dispose() => _watcher.Dispose();
}
