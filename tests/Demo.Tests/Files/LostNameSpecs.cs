namespace AkkaAio.Demo.Tests.Files;

/// <summary>
/// Names that are not UTF-8. .NET writes U+FFFD for a wrong byte, and a file of that name may be there: it must never be taken for the
/// one that was meant.
/// </summary>
public sealed class LostNameSpecs : IDisposable
{
    private const string Bystander = "t\uFFFD";

    private readonly TempFolder _folder = new();

    public LostNameSpecs()
    {
        _folder.Text("src", "new");
        _folder.Text(Bystander, "bystander");
        Shell("printf meant > \"$(printf 't\\377')\"; ln -s \"$(printf 't\\377')\" link; : > \"$(printf 'e\\377')\"; " +
              "ln -s \"$(printf 'e\\377')\" empty-link; mkdir \"$(printf 'd\\377')\"; ln -s \"$(printf 'd\\377')\" folder-link").Wait();
        _folder.Text("e\uFFFD", "bystander");
        Directory.CreateDirectory(_folder["d\uFFFD"]);
        _folder.Text("d\uFFFD/file", "bystander");
    }

    public void Dispose() => Shell("rm -rf -- *").Wait();

    [Fact]
    public async Task Copy_through_a_link_to_one_is_refused()
    {
        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "link")).ShouldComplain("copy: link", "not UTF-8");
        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", "folder-link")).ShouldComplain("copy: folder-link", "not UTF-8");
        await AssertUntouched();
    }

    [Fact]
    public async Task Copy_to_one_or_from_one_is_refused()
    {
        var to = await Demo("copy src \"$(printf 't\\377')\"");
        Assert.Equal(2, to.ExitCode);
        to.ShouldComplain("copy: ", "not UTF-8");
        (await Demo("copy \"$(printf 't\\377')\" dst")).ShouldComplain("copy: ", "not UTF-8");
        Assert.False(File.Exists(_folder["dst"]));
        await AssertUntouched();
    }

    [Fact]
    public async Task Sum_does_not_clean_up_another_file()
    {
        (await DemoProcess.RunInAsync(_folder.Path, "sum", "--path", "empty-link", "--file-size", "1")).ShouldComplain("not UTF-8");
        Assert.Equal("bystander", await File.ReadAllTextAsync(_folder["e\uFFFD"]));
        (await Demo("sum --path \"$(printf 'x\\377')\" --file-size 1")).ShouldComplain("not UTF-8");
        await AssertUntouched();
    }

    [Fact]
    public async Task Bench_and_config_refuse_one()
    {
        (await Demo("bench --filename \"$(printf 't\\377')\" --rw write --allow-overwrite")).ShouldComplain("not UTF-8");
        (await Demo("bench --filename src --json \"$(printf 't\\377')\"")).ShouldComplain("not UTF-8");
        (await Demo("sum --config \"$(printf 't\\377')\"")).ShouldComplain("not UTF-8");
        await AssertUntouched();
    }

    [Fact]
    public async Task Hash_prints_a_line_for_each_and_never_another_files_hash()
    {
        var arguments = await Demo("hash \"$(printf 't\\377')\" src");
        Assert.Equal(1, arguments.ExitCode);
        Assert.EndsWith("  src", Assert.Single(arguments.Stdout), StringComparison.Ordinal);
        Assert.Contains("not UTF-8", Assert.Single(arguments.Stderr), StringComparison.Ordinal);

        var walk = await DemoProcess.RunInAsync(_folder.Path, "hash", ".");
        Assert.Equal(1, walk.ExitCode);
        Assert.Single(walk.Stdout, line => line.EndsWith($"  ./{Bystander}", StringComparison.Ordinal));
        Assert.Single(walk.Stderr, line => line.Contains($"./{Bystander}", StringComparison.Ordinal));

        (await DemoProcess.RunInAsync(_folder.Path, "hash", "folder-link")).ShouldComplain("hash: folder-link", "not UTF-8");
    }

    [Fact]
    public async Task A_name_that_has_the_replacement_character_is_a_name_like_any_other()
    {
        (await DemoProcess.RunInAsync(_folder.Path, "copy", "src", Bystander)).ShouldBeQuiet();
        Assert.Equal("new", await File.ReadAllTextAsync(_folder[Bystander]));
    }

    private async Task AssertUntouched()
    {
        Assert.Equal("bystander", await File.ReadAllTextAsync(_folder[Bystander]));
        Assert.Equal(["meant"], (await Shell("cat \"$(printf 't\\377')\"")).Stdout);
    }

    private Task<DemoResult> Demo(string arguments)
    {
        var demo = string.Join(' ', DemoProcess.CommandLine(AppContext.BaseDirectory).Select(word => $"'{word}'"));
        return Shell($"exec {demo} {arguments}");
    }

    private Task<DemoResult> Shell(string script) =>
        DemoProcess.RunCommandAsync("sh", "-c", $"cd '{_folder.Path}' || exit 9; {script}");
}
