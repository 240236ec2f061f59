using Akka.Actor;
using Akka.Configuration;
using AkkaAio.Cluster.Disks;

namespace AkkaAio.Cluster.Tests;

/// <summary>
/// Folders that cannot be a node's disk, and configurations that would corrupt files: the start is refused, in words,
/// and nothing is changed.
/// </summary>
public sealed class StartSpecs : IDisposable
{
    private readonly string _folder =
        Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "tmp-" + Guid.NewGuid().ToString("N"))).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, string> BadCookies => new()
    {
        { "", "begins with \"\"" },
        { "\0\0\0\0", "begins with" },
        { "akkaaio disk, format 2\nid 0\n", "another version" },
        { "akkaaio disk, format 1\n", "damaged" },
        { $"akkaaio disk, format 1\nid {new string('a', 32)}\nepoch 3\ncrc 00000000\n", "damaged" },
        { "akkaaio shared folder, format 1\n", "shared" },
    };

    [Theory]
    [MemberData(nameof(BadCookies))]
    public void A_cookie_that_is_damaged_or_of_another_format_is_refused_and_left_as_it_is(string text, string says)
    {
        var path = Path.Combine(_folder, "akkaaio.disk");
        File.WriteAllText(path, text);
        var refused = Assert.Throws<AioClusterException>(() => LocalDisk.Open(_folder));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public void Every_byte_of_a_cookie_that_changes_is_seen()
    {
        var bytes = new DiskCookie(Guid.NewGuid().ToString("N"), 77).ToBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var bit in new[] { 1, 4, 0x10, 0x80 })
            {
                byte[] other = [.. bytes];
                other[i] ^= (byte)bit;
                Assert.Throws<AioClusterException>(() => DiskCookie.Parse(other, "cookie"));
            }

            Assert.Throws<AioClusterException>(() => DiskCookie.Parse(bytes.AsSpan(0, i), "cookie"));
        }

        Assert.Equal(77U, DiskCookie.Parse(bytes, "cookie").Epoch);
    }

    [Fact]
    public void A_folder_is_in_use_by_one_and_is_given_back()
    {
        string id;
        using (var disk = LocalDisk.Open(_folder))
        {
            id = disk.Id;
            Assert.Equal(1U, disk.Epoch);
            Assert.Contains(
                "in use by another", Assert.Throws<AioClusterException>(() => LocalDisk.Open(_folder)).Message, StringComparison.Ordinal);
        }

        using var again = LocalDisk.Open(_folder);
        Assert.Equal((id, 2U), (again.Id, again.Epoch));
    }

    [Fact]
    public void A_folder_that_is_not_empty_and_has_no_cookie_is_no_disk()
    {
        File.WriteAllText(Path.Combine(_folder, "letter"), "dear");
        Assert.Contains("\"letter\"", Assert.Throws<AioClusterException>(() => LocalDisk.Open(_folder)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "letter"));
        Directory.CreateDirectory(Path.Combine(_folder, "files"));
        File.WriteAllText(Path.Combine(_folder, "files", "data"), "kept");
        Assert.Contains(
            "restore the cookie", Assert.Throws<AioClusterException>(() => LocalDisk.Open(_folder)).Message, StringComparison.Ordinal);
        Assert.Equal("kept", File.ReadAllText(Path.Combine(_folder, "files", "data")));
    }

    [Fact]
    public void A_folder_that_is_not_there_or_a_file_is_refused()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        Assert.Contains(file, Assert.Throws<AioClusterException>(() => LocalDisk.Open(file)).Message, StringComparison.Ordinal);
        Assert.Throws<AioClusterException>(() => LocalDisk.Open(Path.Combine(_folder, "none")));
        Assert.False(Directory.Exists(Path.Combine(_folder, "none")));
    }

    [Fact]
    public void A_copy_of_a_disk_in_another_folder_of_the_node_is_refused_and_both_are_given_back()
    {
        var (one, two) = (Path.Combine(_folder, "one"), Path.Combine(_folder, "two"));
        Directory.CreateDirectory(one);
        LocalDisk.Open(one).Dispose();
        Directory.CreateDirectory(two);
        File.Copy(Path.Combine(one, "akkaaio.disk"), Path.Combine(two, "akkaaio.disk"));
        var config = ClusterFixture.ConfigOf(0, 1, $"akka.io.aio.cluster.directories = [\"{one}\", \"{two}\"]");
        Assert.Contains(
            "one is a copy of the other",
            Assert.Throws<AioClusterException>(() => AioClusterSetup.For(config)).Message,
            StringComparison.Ordinal);
        LocalDisk.Open(one).Dispose();
        LocalDisk.Open(two).Dispose();
    }

    [Theory]
    [InlineData("directorys = []", "directorys")]
    [InlineData("max-transfer = 0", "max-transfer")]
    [InlineData("max-transfer = 1 MiB", "max-transfer")]
    [InlineData("max-open-files = 0", "max-open-files")]
    [InlineData("client-credit = many", "client-credit")]
    [InlineData("call-timeout = -1s", "call-timeout")]
    [InlineData("storage = cloud", "storage")]
    [InlineData("passivate-after =", "passivate-after")]
    public void A_key_that_is_unknown_empty_or_impossible_is_refused_by_its_name(string key, string says)
    {
        var config = ClusterFixture.ConfigOf(0, 1, $"akka.io.aio.cluster {{ {key} }}");
        var refused = Assert.Throws<AioConfigurationException>(() => AioClusterSetup.For(config));
        Assert.Contains($"akka.io.aio.cluster.{says}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stock_defaults_of_Akka_are_refused()
    {
        using var system = ActorSystem.Create(
            "stock",
            ConfigurationFactory.ParseString(
                "akka { actor.provider = cluster, loglevel = OFF, remote.dot-netty.tcp { hostname = \"127.0.0.1\", port = 0 } }"));
        var refused = Assert.Throws<AioClusterException>(() => AioClusterExt.Get(system));
        Assert.Contains("akka.cluster.sharding.", refused.Message, StringComparison.Ordinal);
        await system.Terminate();
    }

    [Fact]
    public async Task Folders_without_a_setup_are_refused()
    {
        using var system = ActorSystem.Create(
            "no-setup", ClusterFixture.ConfigOf(0, 1, $"akka.io.aio.cluster.directories = [\"{_folder}\"]"));
        Assert.Contains(
            "AioClusterSetup.For(config)",
            Assert.Throws<AioClusterException>(() => AioClusterExt.Get(system)).Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        await system.Terminate();
    }
}
