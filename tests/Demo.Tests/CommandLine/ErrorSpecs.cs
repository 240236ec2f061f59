namespace AkkaAio.Demo.Tests.CommandLine;

/// <summary>One clear line and an exit code for whatever a user can get wrong.</summary>
public sealed class ErrorSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sum --path /proc/version", "sum: ", "/proc/version", "EINVAL", "O_DIRECT")]
    [InlineData("sum --path /proc/self/none", "sum: ", "/proc/self/none", "ENOENT")]
    [InlineData("sum --path /none/x", "sum: ", "/none/x", "ENOENT")]
    [InlineData("sum --path .", "sum: ", "EISDIR")]
    [InlineData("sum --shards 0", "--shards", "from 1 to 1024", "\"0\"")]
    [InlineData("sum --shards many", "--shards", "\"many\"")]
    [InlineData("sum --file-size -1", "--file-size", "\"-1\"")]
    [InlineData("sum --min-nr 2", "--min-nr 2", "--max-nr 1")]
    [InlineData("sum --min-nr 9 --max-nr 8", "--min-nr 9", "--max-nr 8")]
    [InlineData("sum --bogus", "sum: ", "--bogus")]
    [InlineData("sum more", "sum: ", "more")]
    [InlineData("hash --bogus /dev/null", "hash: ", "--bogus")]
    [InlineData("hash", "PATH")]
    [InlineData("copy one", "DST")]
    [InlineData("log", "inspect", "verify")]
    [InlineData("log verify", "FOLDER")]
    [InlineData("--bogus", "--bogus")]
    [InlineData("frobnicate", "frobnicate", "sum", "hash", "copy")]
    [InlineData("", "sum", "hash", "copy")]
    [InlineData("hash none", "hash: none: ENOENT (No such file or directory)")]
    [InlineData("--config none.conf sum", "none.conf", "ENOENT")]
    [InlineData("sum --config .", "EISDIR")]
    public async Task Is_said_in_one_line(string commandLine, params string[] parts) =>
        (await DemoProcess.RunInAsync(_folder.Path, commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            .ShouldComplain(parts);

    [Theory]
    [InlineData("bench --filename b --iodepth 0", "--iodepth", "\"0\"")]
    [InlineData("bench --filename b --iodepth abc", "--iodepth", "\"abc\"")]
    [InlineData("bench --filename b --iodepth -1", "--iodepth", "\"-1\"")]
    [InlineData("bench --filename b --iodepth 99999999", "--iodepth", "\"99999999\"")]
    [InlineData("bench --filename b --iodepth", "--iodepth")]
    [InlineData("bench --filename b --iodepth 1 --iodepth 1", "--iodepth")]
    [InlineData("bench --filename b --numjobs 0", "--numjobs", "\"0\"")]
    [InlineData("bench --filename b --numjobs", "--numjobs")]
    [InlineData("bench --filename b --numjobs 1 --numjobs 1", "--numjobs")]
    [InlineData("bench --filename b --iodepth 65536 --numjobs 65536", "--iodepth", "--numjobs")]
    [InlineData("bench --filename b --runtime 999999999h", "--runtime", "999999999h")]
    [InlineData("sum --concurrent-requests 100000", "--concurrent-requests", "65536")]
    [InlineData("sum --min-nr 2 --max-nr 1", "--min-nr 2", "--max-nr 1")]
    public async Task A_wrong_command_line_ends_with_2(string commandLine, params string[] parts)
    {
        var result = await DemoProcess.RunInAsync(_folder.Path, commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, result.ExitCode);
        result.ShouldComplain(parts);
        Assert.Empty(_folder.Names);
    }

    [Theory]
    [InlineData("akka.io.aio.engine = linux-oai", "akka.io.aio.engine", "linux-oai", "linux-aio")]
    [InlineData("akka.io.aio { depth = }", "akka.io.aio.depth", "empty")]
    [InlineData("akka.io.aio.dpeth = 3", "akka.io.aio.dpeth", "no such key")]
    [InlineData("akka.oi.aio.depth = 3", "akka.oi", "no such key")]
    [InlineData("akka {\n io.aio {\n depth = 3\n }", "demo.conf, line 1", "'{'")]
    [InlineData("akka.io.aio.engine = \"memory", "demo.conf, line 1", "quote")]
    [InlineData("akka.io.aio.{\n depth = 3,,\n}", "demo.conf, line 2")]
    [InlineData("akka.loglevel = LOUD", "demo.conf", "LOUD")]
    [InlineData("akka.loggers = [\"Nobody, Nowhere\"]", "demo.conf", "Nobody")]
    public async Task A_config_that_is_wrong_is_named(string hocon, params string[] parts)
    {
        _folder.Text("demo.conf", hocon);

        (await DemoProcess.RunInAsync(_folder.Path, "sum", "--config", "demo.conf")).ShouldComplain(parts);

        Assert.Equal("demo.conf", Assert.Single(_folder.Names));
    }

    [Fact]
    public async Task More_than_the_machine_allows_is_refused_with_the_way_out()
    {
        var max = int.Parse(await File.ReadAllTextAsync("/proc/sys/fs/aio-max-nr"));
        var requests = Math.Min(65536, max);

        (await DemoProcess.RunInAsync(
            _folder.Path, "sum", "--shards", "1024", "--concurrent-requests", $"{requests}"))
            .ShouldComplain("fs.aio-max-nr", "sysctl -w");

        Assert.Empty(_folder.Names);
    }

    [SkippableFact]
    public async Task A_file_that_is_not_ours_to_read_is_named_with_its_errno()
    {
        Needs.Root();
        Needs.Tool("setpriv");
        using var folder = new TempFolder(Path.GetTempPath());
        Directory.CreateDirectory(folder["demo"]);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, folder[$"demo/{Path.GetFileName(file)}"]); // the tests' own folder may be closed to others
        }

        File.SetUnixFileMode(folder.Text("secret", "s"), UnixFileMode.UserRead);
        string[] asNobody =
        [
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", .. DemoProcess.CommandLine(folder["demo"]),
        ];
        var works = await DemoProcess.RunCommandAsync([.. asNobody, "--version"]);
        Skip.If(works.ExitCode != 0, $"nobody cannot run dotnet here: {string.Join(' ', works.Stderr)}");

        (await DemoProcess.RunCommandAsync([.. asNobody, "hash", folder["secret"]]))
            .ShouldComplain($"hash: {folder["secret"]}: EACCES (Permission denied)");
        (await DemoProcess.RunCommandAsync([.. asNobody, "copy", folder["secret"], folder["copy"]]))
            .ShouldComplain("copy: ", folder["secret"], "EACCES");
        (await DemoProcess.RunCommandAsync([.. asNobody, "sum", "--path", folder["sum"]]))
            .ShouldComplain("sum: ", folder["sum"], "EACCES");
    }
}
