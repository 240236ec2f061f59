using System.IO.Compression;

namespace AkkaAio.Demo.Tests.Logs;

/// <summary><c>log inspect</c> and <c>log verify</c> of a committed store of AkkaAio.Persistence.</summary>
public sealed class LogSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public LogSpecs() => ZipFile.ExtractToDirectory(Path.Join(AppContext.BaseDirectory, "journal.zip"), _folder.Path);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("inspect")]
    [InlineData("verify")]
    public async Task Both_logs_of_a_store_are_looked_at_and_nothing_is_changed(string verb)
    {
        var before = Contents();

        var result = await DemoProcess.RunInAsync(_folder.Path, "log", verb, "store");

        var lines = result.ShouldBeQuiet().Stdout;
        Assert.Equal(["store/events", "store/snapshots"], lines.Where(line => !line.StartsWith(' ')));
        Assert.Contains(lines, line => line.Contains("0000000002.seg", StringComparison.Ordinal));
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task Damage_ends_with_1_and_its_place()
    {
        var path = _folder["store/events/0000000002.seg"];
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[4096 + 200] ^= 1; // in the first batch
        await File.WriteAllBytesAsync(path, bytes);

        var result = await DemoProcess.RunInAsync(_folder.Path, "log", "verify", "store");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(result.Stdout, line => line.Contains("4096", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("verify")]
    public async Task A_folder_that_is_not_there_is_named(string verb) =>
        (await DemoProcess.RunInAsync(_folder.Path, "log", verb, "none")).ShouldFail($"log {verb}: ", "none", "ENOENT");

    private Dictionary<string, string> Contents() => Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories)
        .ToDictionary(path => path, path => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))));
}
