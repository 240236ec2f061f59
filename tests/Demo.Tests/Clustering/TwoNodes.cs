namespace AkkaAio.Demo.Tests.Clustering;

/// <summary>Two nodes of one cluster, each with a folder of its own, for all tests of a class.</summary>
public sealed class TwoNodes : IAsyncLifetime
{
    internal TempFolder Folder { get; } = new();

    internal DemoNode First { get; private set; } = null!;

    internal DemoNode Second { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        First = await DemoNode.StartAsync(Folder["disk-1"]);
        Second = await DemoNode.StartAsync(Folder["disk-2"], First);
    }

    public Task DisposeAsync()
    {
        First?.Dispose();
        Second?.Dispose();
        Folder.Dispose();
        return Task.CompletedTask;
    }
}
