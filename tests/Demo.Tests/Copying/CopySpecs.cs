namespace AkkaAio.Demo.Tests.Copying;

public sealed class CopySpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(513)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData((1 << 20) - 1)]
    [InlineData((1 << 20) + 1)]
    [InlineData((40 << 20) + 3)]
    public async Task Every_byte_is_copied(int size)
    {
        var source = _folder.Random("src", size);

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "dst")).ShouldBeQuiet();

        Assert.True(File.ReadAllBytes(source).AsSpan().SequenceEqual(File.ReadAllBytes(_folder["dst"])));
        Assert.Equal(["dst", "src"], _folder.Names);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4097)]
    [InlineData((40 << 20) + 3)]
    public async Task Every_byte_is_copied_as_a_stream(int size)
    {
        var source = _folder.Random("src", size);
        _folder.Text("dst", "older");

        (await DemoProcess.RunInAsync(_folder.Path, "cp", "--stream", "src", "dst")).ShouldBeQuiet();

        Assert.True(File.ReadAllBytes(source).AsSpan().SequenceEqual(File.ReadAllBytes(_folder["dst"])));
        Assert.Equal(["dst", "src"], _folder.Names);
    }

    [Fact]
    public async Task The_mode_is_kept_and_an_older_file_replaced()
    {
        var source = _folder.Random("src", 10);
        var mode = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead;
        File.SetUnixFileMode(source, mode);
        _folder.Text("dst", "older and longer than the new one");

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "dst")).ShouldBeQuiet();

        Assert.Equal(mode, File.GetUnixFileMode(_folder["dst"]));
        Assert.Equal(await File.ReadAllBytesAsync(source), await File.ReadAllBytesAsync(_folder["dst"]));
    }

    [Fact]
    public async Task A_folder_is_copied_into_and_a_link_is_followed()
    {
        _folder.Text("src", "new");
        Directory.CreateDirectory(_folder["folder"]);
        _folder.Text("target", "old");
        File.CreateSymbolicLink(_folder["link"], "target");

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "folder")).ShouldBeQuiet();
        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "link")).ShouldBeQuiet();

        Assert.Equal("new", await File.ReadAllTextAsync(_folder["folder/src"]));
        Assert.Equal("new", await File.ReadAllTextAsync(_folder["target"]));
        Assert.Equal("target", new FileInfo(_folder["link"]).LinkTarget);
    }

    [Fact]
    public async Task A_path_through_a_link_means_what_the_kernel_takes_it_for()
    {
        _folder.Text("src", "new");
        Directory.CreateDirectory(_folder["a/b"]);
        Directory.CreateSymbolicLink(_folder["link"], "a/b");

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "link/../dst")).ShouldBeQuiet();

        Assert.Equal("new", await File.ReadAllTextAsync(_folder["a/dst"]));
        Assert.Equal(["a", "link", "src"], _folder.Names);
    }

    [Theory]
    [InlineData]
    [InlineData("--stream")]
    public async Task A_file_without_direct_io_is_copied_to_its_end(params string[] options)
    {
        var result = await DemoProcess.RunInAsync(_folder.Path, ["copy", .. options, "/proc/version", "dst"]);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("O_DIRECT", Assert.Single(result.Stderr), StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync("/proc/version"), await File.ReadAllTextAsync(_folder["dst"]));
    }

    [Fact]
    public async Task The_same_file_under_another_name_is_refused()
    {
        _folder.Text("src", "data");
        File.CreateSymbolicLink(_folder["link"], "src");

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "link")).ShouldComplain("copy: ", "same file");

        Assert.Equal("data", await File.ReadAllTextAsync(_folder["src"]));
    }

    [Fact]
    public async Task A_folder_as_source_is_refused()
    {
        Directory.CreateDirectory(_folder["src"]);

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "dst")).ShouldComplain("copy: src is a folder");
    }

    [Fact]
    public async Task A_missing_source_is_named() =>
        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "dst")).ShouldComplain("copy: src: ENOENT");

    [Fact]
    public async Task A_missing_folder_is_named()
    {
        _folder.Text("src", "data");

        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "none/dst")).ShouldComplain("copy: none: ENOENT");
    }
}
