using System.Security.Cryptography;
using System.Text;

namespace AkkaAio.Demo.Tests.Hashing;

public sealed class HashSpecs : IDisposable
{
    private static readonly int[] Sizes =
        [0, 1, 511, 512, 513, 4095, 4096, 4097, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (5 << 20) + 777];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task A_tree_is_hashed_as_sha256sum_does_it_in_ordinal_order_of_the_paths()
    {
        Needs.Tool("mkfifo");
        var names = Sizes.Select(size => $"sizes/f{size}")
            .Concat(["a.b", "a/b", "a-b", "a/c/d", "a b/c d", "back\\slash", "line\nfeed", "carriage\rreturn", "é", "😀", "\uE000"]);
        foreach (var name in names)
        {
            _folder.Random($"tree/{name}", name.StartsWith("sizes", StringComparison.Ordinal) ? int.Parse(name[7..]) : 100);
        }

        File.CreateSymbolicLink(_folder["tree/link"], "a.b");
        Directory.CreateSymbolicLink(_folder["tree/folder-link"], "a");
        Assert.Equal(0, (await DemoProcess.RunCommandAsync("mkfifo", _folder["tree/pipe"])).ExitCode);

        var result = await DemoProcess.RunInAsync(_folder.Path, "hash", "tree");

        var expected = names.Select(name => $"tree/{name}")
            .OrderBy(path => Convert.ToHexString(Encoding.UTF8.GetBytes(path)), StringComparer.Ordinal)
            .Select(Expected);
        Assert.Equal(expected, result.ShouldBeQuiet().Stdout);
    }

    [Fact]
    public async Task Arguments_come_in_their_order_and_links_among_them_are_followed()
    {
        _folder.Random("big", 3 << 20);
        _folder.Random("small", 3);
        File.CreateSymbolicLink(_folder["link"], "small");

        var result = await DemoProcess.RunInAsync(_folder.Path, "hash", "big", "link", "small", "big");

        Assert.Equal(new[] { "big", "link", "small", "big" }.Select(Expected), result.ShouldBeQuiet().Stdout);
    }

    [Fact]
    public async Task A_file_whose_name_looks_like_an_option_stands_behind_two_dashes()
    {
        _folder.Random("-x", 10);

        var result = await DemoProcess.RunInAsync(_folder.Path, "hash", "--", "-x");

        Assert.Equal(Expected("-x"), Assert.Single(result.ShouldBeQuiet().Stdout));
    }

    [SkippableFact]
    public async Task What_fails_costs_one_line_and_the_others_go_on()
    {
        Needs.Tool("mkfifo");
        _folder.Random("good", 10);
        Assert.Equal(0, (await DemoProcess.RunCommandAsync("mkfifo", _folder["pipe"])).ExitCode);

        var result = await DemoProcess.RunInAsync(_folder.Path, "hash", "missing", "good", "pipe", "good/x");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal(Expected("good"), Assert.Single(result.Stdout));
        Assert.Equal(3, result.Stderr.Count);
        Assert.Equal("hash: missing: ENOENT (No such file or directory)", result.Stderr[0]);
        Assert.StartsWith("hash: pipe: not a regular file", result.Stderr[1], StringComparison.Ordinal);
        Assert.Equal("hash: good/x: ENOTDIR (Not a directory)", result.Stderr[2]);
    }

    [Fact]
    public async Task Files_without_direct_io_and_without_a_true_length_are_read_to_their_end()
    {
        var result = await DemoProcess.RunAsync("hash", "/proc/version", "/proc/filesystems");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("O_DIRECT", Assert.Single(result.Stderr), StringComparison.Ordinal);
        Assert.Equal(new[] { "/proc/version", "/proc/filesystems" }.Select(Expected), result.Stdout);
    }

    [Fact]
    public async Task The_smallest_resources_are_enough()
    {
        var config = _folder.Text(
            "small.conf", "akka.io.aio { depth = 1, max-queue-size = 1, shards = 1, buffer-pool.budget = 8 KiB }");
        _folder.Random("file", 100_001);
        _folder.Random("other", 5);

        var result = await DemoProcess.RunInAsync(_folder.Path, "--config", config, "hash", "file", "other");

        Assert.Equal(new[] { "file", "other" }.Select(Expected), result.ShouldBeQuiet().Stdout);
    }

    [SkippableFact]
    public async Task A_raw_block_device_is_read_as_it_is()
    {
        Needs.Root();
        Needs.Tool("losetup");
        var image = _folder.Random("image", 3 * 4096 + 512);
        var setup = await DemoProcess.RunCommandAsync("losetup", "--find", "--show", "--read-only", image);
        Skip.If(setup.ExitCode != 0, $"no loop device: {string.Join(' ', setup.Stderr)}");
        var device = setup.Stdout[0];
        try
        {
            var result = await DemoProcess.RunAsync("hash", device);

            Assert.Equal($"{HashOf(image)}  {device}", Assert.Single(result.ShouldBeQuiet().Stdout));
        }
        finally
        {
            await DemoProcess.RunCommandAsync("losetup", "--detach", device);
        }
    }

    private string Expected(string path)
    {
        var escaped = path.Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\r", "\\r");
        return $"{(escaped == path ? "" : "\\")}{HashOf(Path.Combine(_folder.Path, path))}  {escaped}";
    }

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
