using System.Security.Cryptography;

namespace AkkaAio.Demo.Tests.Files;

/// <summary>
/// <c>hash</c> and <c>copy</c> read until nothing more comes, whatever st_size says and however little a read gives. FUSE files open
/// with O_DIRECT too.
/// </summary>
public sealed class OddFileSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [InlineData(0, 5000, 100_000)]
    [InlineData(4096, 5000, 100_000)]
    [InlineData(4096, 10, 100_000)]
    [InlineData(5000, 0, 100_000)]
    [InlineData(0, 600_000, 100_000)]
    [InlineData(600_000, 700_001, 65_536)]
    [InlineData(5000, 5000, 100)]
    [InlineData(700_001, 700_001, 1000)]
    [InlineData(700_001, 700_001, 8192)]
    public async Task A_file_is_read_to_its_end(long size, int length, int most)
    {
        using var odd = await OddFiles.MountAsync(_folder["odd"]);
        var path = odd[size, length, most];
        var content = OddFiles.Content(length);
        Assert.Equal(size, new FileInfo(path).Length);

        var hash = await DemoProcess.RunInAsync(_folder.Path, "hash", path);
        Assert.Equal($"{Convert.ToHexStringLower(SHA256.HashData(content))}  {path}", Assert.Single(hash.Stdout));
        Assert.Equal(0, hash.ExitCode);

        var copy = await DemoProcess.RunInAsync(_folder.Path, "copy", path, "copy");
        Assert.Equal((0, ""), (copy.ExitCode, string.Join('\n', copy.Stderr)));
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["copy"]));
    }

    [Theory]
    [InlineData("/proc/version")]
    [InlineData("/proc/filesystems")]
    [InlineData("/sys/kernel/mm/transparent_hugepage/enabled")] // st_size 4096
    public async Task Files_of_the_kernel_are_read_to_their_end(string path)
    {
        using var file = File.OpenRead(path);
        using var read = new MemoryStream();
        await file.CopyToAsync(read); // File.ReadAllBytes believes st_size
        var content = read.ToArray();

        var hash = await DemoProcess.RunInAsync(_folder.Path, "hash", path);
        Assert.Equal($"{Convert.ToHexStringLower(SHA256.HashData(content))}  {path}", Assert.Single(hash.Stdout));

        Assert.Equal(0, (await DemoProcess.RunInAsync(_folder.Path, "copy", path, "copy")).ExitCode);
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["copy"]));
    }

    [Fact]
    public async Task A_source_that_becomes_shorter_is_a_failure_and_leaves_nothing()
    {
        var source = _folder.Sparse("src", 2L << 30);
        _folder.Text("dst", "old");
        using var temporary = new NewFile(_folder, ".akka-aio-copy-*");
        using var copy = DemoProcess.Start(_folder.Path, "copy", "src", "dst");
        await temporary.Path;

        using (var file = new FileStream(source, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength((1L << 30) + 5);
        }

        var result = await copy.EndAsync();
        Assert.Equal(1, result.ExitCode);
        result.ShouldComplain("copy: src became shorter while it was copied");
        Assert.Equal("old", await File.ReadAllTextAsync(_folder["dst"]));
        Assert.Equal(["dst", "src"], _folder.Names);
    }
}
