using System.Diagnostics;

namespace AkkaAio.Cluster.Tests;

/// <summary>
/// Names and files that must not be opened: refused typed by the client and by the owner, and nothing outside the folder is touched.
/// </summary>
public sealed class NameSpecs(ClusterFixture cluster) : NodeSpecs(cluster), IClassFixture<ClusterFixture>
{
    public static TheoryData<string> BadNames => new(
        "..", ".", "../outside", "a/../b", "a/./b", "/etc/passwd", "/proc/self/fd/3", "a//b", "a/", "/", "a\0b", "\0",
        new string('x', 256), new string('ä', 600), string.Join('/', Enumerable.Repeat("x", 2500)));

    [Theory]
    [MemberData(nameof(BadNames))]
    public async Task A_name_that_is_not_canonical_is_refused(string name)
    {
        var before = Snapshot();
        var address = $"{Cluster.DiskOf(0)}/{name}";
        foreach (var call in new Func<Task>[]
                 {
                     () => Cluster.Node(1).OpenAsync(address, new() { Mode = FileMode.OpenOrCreate }),
                     () => Cluster.Node(1).DeleteAsync(address),
                     () => Cluster.Node(1).StatAsync(address),
                 })
        {
            var refused = await Assert.ThrowsAsync<AioClusterFileException>(call);
            Assert.Equal((AioClusterFailure.BadName, AioOutcome.NotPerformed), (refused.Failure, refused.Outcome));
        }

        foreach (var request in Requests(address))
        {
            Assert.Equal(Wire.FailureKind.FailureBadName, (await AskAsync(request)).Failure.Kind);
        }

        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public async Task Half_of_a_surrogate_pair_is_refused()
    {
        var refused = await Assert.ThrowsAsync<AioClusterFileException>(() => Cluster.Node(1).OpenAsync($"{Cluster.DiskOf(0)}/a\ud800b"));
        Assert.Equal(AioClusterFailure.BadName, refused.Failure);
    }

    [Theory]
    [InlineData("link")]
    [InlineData("linked-folder/secret")]
    [InlineData("hard-link")]
    [InlineData("pipe")]
    [InlineData("folder")]
    [InlineData("fd-link")]
    public async Task What_is_no_regular_file_with_one_name_is_refused(string name)
    {
        var disk = await MakeTrapsAsync();
        var before = Snapshot();
        foreach (var call in new Func<Task>[]
                 {
                     () => Cluster.Node(1).OpenAsync($"{disk}/{name}", new() { Mode = FileMode.OpenOrCreate }),
                     () => Cluster.Node(2).OpenAsync($"{disk}/{name}"), () => Cluster.Node(1).StatAsync($"{disk}/{name}"),
                     () => Cluster.Node(1).DeleteAsync($"{disk}/{name}"),
                 })
        {
            var refused = await Assert.ThrowsAsync<AioClusterFileException>(call).WaitAsync(Time);
            Assert.Equal((AioClusterFailure.BadName, AioOutcome.NotPerformed), (refused.Failure, refused.Outcome));
        }

        var created = await Assert.ThrowsAsync<AioClusterFileException>(
            () => Cluster.Node(1).OpenAsync($"{disk}/{name}", new() { Mode = FileMode.CreateNew }));
        Assert.True(created.Failure is AioClusterFailure.BadName or AioClusterFailure.Exists, created.Message);
        Assert.Equal(before, Snapshot());
    }

    private static IEnumerable<Wire.Request> Requests(string file)
    {
        yield return new Wire.Request { File = file, Open = new Wire.OpenFile { Create = true } };
        yield return new Wire.Request { File = file, GetStat = new Wire.GetStat() };
        yield return new Wire.Request { File = file, ReadAt = new Wire.ReadAt { Length = 1 } };
        yield return new Wire.Request { File = file, Delete = new Wire.DeleteFile() };
    }

    private string Outside => Path.Combine(Path.GetDirectoryName(Cluster.FolderOf(0))!, "outside");

    // Every name, length and content from the folder of the fixture on, but for what is the disks' own.
    private string[] Snapshot() =>
        [.. Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Cluster.FolderOf(0))!, "*", EveryEntry)
            .Where(path => path.StartsWith(Outside, StringComparison.Ordinal) ||
                !(path.Contains("akkaaio.", StringComparison.Ordinal) || path.Contains("/tmp/", StringComparison.Ordinal)))
            .Select(path => path.EndsWith("secret", StringComparison.Ordinal) ? $"{path}: {File.ReadAllText(path)}" : path)
            .Order()];

    private static readonly EnumerationOptions EveryEntry = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    };

    private async Task<string> MakeTrapsAsync()
    {
        var files = Path.Combine(Cluster.FolderOf(0), "files");
        if (!Directory.Exists(Outside))
        {
            Directory.CreateDirectory(Outside);
            await File.WriteAllTextAsync(Path.Combine(Outside, "secret"), "untouched");
            File.CreateSymbolicLink(Path.Combine(files, "link"), Path.Combine(Outside, "secret"));
            File.CreateSymbolicLink(Path.Combine(files, "fd-link"), "/proc/self/fd/0");
            Directory.CreateSymbolicLink(Path.Combine(files, "linked-folder"), Outside);
            Directory.CreateDirectory(Path.Combine(files, "folder"));
            await RunAsync("ln", Path.Combine(Outside, "secret"), Path.Combine(files, "hard-link"));
            await RunAsync("mkfifo", Path.Combine(files, "pipe"));
        }

        return Cluster.DiskOf(0);
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Process.Start(command[0], command[1..]);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
