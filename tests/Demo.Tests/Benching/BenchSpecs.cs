using System.Text.Json;
using System.Text.Json.Nodes;

namespace AkkaAio.Demo.Tests.Benching;

/// <summary><c>bench</c> as a user runs it, on small files and for moments.</summary>
public sealed class BenchSpecs : IDisposable
{
    private static readonly string[] Brief = ["--size", "1m", "--runtime", "0.4", "--ramp_time", "0.05"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--rw randread --api messages")]
    [InlineData("--rw randread --api tasks")]
    [InlineData("--rw randwrite --api messages")]
    [InlineData("--rw randwrite --api tasks --shards 2")]
    [InlineData("--rw read --api messages --bs 64k --numjobs 3 --iodepth 2")]
    [InlineData("--rw write --api tasks --numjobs 2 --iodepth 3")]
    [InlineData("--rw randrw --api messages --fsync 8 --dispatcher pinned")]
    [InlineData("--rw randrw --api tasks --fsync 1 --iodepth 1")]
    [InlineData("--rw randread --api messages --numjobs 2 --shards 2 --dispatcher fork-join")]
    [InlineData("--rw randread --api messages --ioengine posix-aio --numjobs 4 --iodepth 4")]
    [InlineData("--rw write --api tasks --ioengine thread-pool")]
    [InlineData("--rw randread --api messages --ioengine thread-pool --iodepth 16")]
    public async Task Every_load_gives_its_figures_and_leaves_nothing(string commandLine)
    {
        var words = commandLine.Split(' ');

        var result = await RunAsync([.. words, "--json", "-"]);

        Assert.Equal(0, result.ExitCode);
        Assert.Empty(_folder.Names);
        var json = JsonNode.Parse(string.Concat(result.Stdout))!;
        AssertFigures(json);
        var (rw, syncs) = (Value(words, "--rw"), commandLine.Contains("--fsync", StringComparison.Ordinal));
        Assert.Equal(rw is not ("randwrite" or "write"), json["read"] is not null);
        Assert.Equal(rw is not ("randread" or "read"), json["write"] is not null);
        Assert.Equal(syncs, json["sync"] is not null);
        Assert.Equal(rw, (string?)json["config"]!["rw"]);
        Assert.Equal(Value(words, "--api"), (string?)json["config"]!["api"]);
        Assert.Contains(result.Stderr, line => line.Contains("IOPS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_table_goes_to_stdout_and_the_JSON_to_its_file()
    {
        var result = (await RunAsync("--json", "result.json")).ShouldBeQuiet();

        foreach (var row in (string[])
            ["IOPS", "bandwidth", "latency p50", "latency p99", "latency p99.9", "CPU an op", "user", "system", "allocated an op",
             "context switches an op", "mean submit batch", "mean reap batch", "errors"])
        {
            Assert.Contains(result.Stdout, line => line.Contains(row, StringComparison.Ordinal));
        }

        AssertFigures(JsonNode.Parse(await File.ReadAllTextAsync(_folder["result.json"]))!);
        Assert.Equal("result.json", Assert.Single(_folder.Names));
    }

    [Fact]
    public async Task A_file_that_was_there_is_read_whole_and_stays()
    {
        var content = await File.ReadAllBytesAsync(_folder.Random("file", 300_000));

        var result = await DemoProcess.RunInAsync(
            _folder.Path, "bench", "--filename", "file", "--runtime", "0.1", "--ramp_time", "0", "--json", "-");

        Assert.Equal(300_000, (int)JsonNode.Parse(string.Concat(result.Stdout))!["config"]!["size"]!);
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["file"]));
    }

    [Fact]
    public async Task With_leave_a_file_is_filled_and_overwritten_and_stays_as_long_as_it_was()
    {
        _folder.Sparse("file", (3 << 20) + 5);

        (await RunAsync("--rw", "randwrite", "--allow-overwrite")).ShouldBeQuiet();

        var content = await File.ReadAllBytesAsync(_folder["file"]);
        Assert.Equal((3 << 20) + 5, content.Length);
        Assert.All(Enumerable.Range(0, 256), block => Assert.Contains(content[(block * 4096)..][..4096], b => b != 0));
        Assert.All(content[(1 << 20)..], b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData("--filename full --rw randwrite", "full", "--allow-overwrite")]
    [InlineData("--filename full --rw randrw", "full", "--allow-overwrite")]
    [InlineData("--filename full --rw write", "full", "--allow-overwrite")]
    [InlineData("--filename link --rw write", "link", "--allow-overwrite")]
    [InlineData("--filename full --size 1g", "full", "300000 bytes", "--size")]
    [InlineData("--filename full --bs 1m", "--bs", "1048576")]
    [InlineData("--filename holes", "holes", "--allow-overwrite")]
    [InlineData("--filename empty", "empty", "nothing to read")]
    [InlineData("--filename .", "EISDIR")]
    [InlineData("--filename none/x", "ENOENT")]
    [InlineData("--filename full/x", "ENOTDIR")]
    [InlineData("--filename /dev/null", "/dev/null", "not a regular file")]
    [InlineData("--filename new --rw write --bs 1000", "--bs 1000", "no multiple of")]
    [InlineData("--filename new --json none/x", "none/x", "ENOENT")]
    [InlineData("--filename new --iodepth 100000 --numjobs 1000", "--iodepth", "--numjobs")]
    [InlineData("--filename new --rw sideways", "--rw", "sideways", "randread")]
    [InlineData("--filename new --ioengine posixaio", "--ioengine", "posixaio", "linux-aio", "posix-aio")]
    [InlineData("--filename new --bs 4x", "--bs", "4x")]
    [InlineData("--filename new --runtime soon", "--runtime", "soon")]
    [InlineData("--rw read", "--filename")]
    public async Task What_must_not_or_cannot_be_is_refused(string commandLine, params string[] parts)
    {
        var content = await File.ReadAllBytesAsync(_folder.Random("full", 300_000));
        _folder.Sparse("holes", 1 << 20);
        _folder.Text("empty", "");
        File.CreateSymbolicLink(_folder["link"], "full");

        (await DemoProcess.RunInAsync(_folder.Path, ["bench", .. commandLine.Split(' ')])).ShouldComplain(parts);

        Assert.Equal(["empty", "full", "holes", "link"], _folder.Names);
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["full"]));
    }

    [Fact]
    public async Task A_file_that_is_cut_meanwhile_is_an_error_that_is_counted()
    {
        _folder.Random("file", 1 << 20);
        using var demo = DemoProcess.Start(
            _folder.Path, "bench", "--filename", "file", "--iodepth", "4", "--runtime", "60", "--ramp_time", "0",
            "--dispatcher", "pinned", "--json", "result");
        await UntilMeasuredAsync(demo);
        await using (var file = File.OpenWrite(_folder["file"]))
        {
            file.SetLength(4096);
        }

        var result = await demo.EndAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("cut the file", Assert.Single(result.Stderr), StringComparison.Ordinal);
        var json = JsonNode.Parse(await File.ReadAllTextAsync(_folder["result"]))!;
        Assert.Equal(4, (long)json["errors"]!);
        Assert.Contains("cut the file", (string)json["first_error"]!, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Ctrl_C_ends_it_early_with_what_was_measured()
    {
        Needs.Interrupts();
        using var demo = DemoProcess.Start(
            _folder.Path, "bench", "--filename", "file", "--size", "1m", "--runtime", "1000", "--ramp_time", "0",
            "--dispatcher", "pinned", "--json", "-");
        await UntilMeasuredAsync(demo);

        await demo.SignalAsync("INT");

        var result = await demo.EndAsync();
        Assert.Equal(130, result.ExitCode);
        AssertFigures(JsonNode.Parse(string.Concat(result.Stdout))!);
        Assert.Empty(_folder.Names);
    }

    [SkippableFact]
    public async Task Ctrl_C_while_the_file_is_laid_out_removes_it()
    {
        Needs.Interrupts();
        using var appears = new NewFile(_folder, "file");
        using var demo = DemoProcess.Start(_folder.Path, "bench", "--filename", "file", "--size", "8g");
        await appears.Path;

        await demo.SignalAsync("INT");

        var result = await demo.EndAsync();
        Assert.Equal(130, result.ExitCode);
        Assert.Empty(result.Stdout);
        Assert.Empty(_folder.Names);
    }

    private static void AssertFigures(JsonNode json)
    {
        foreach (var key in (string[])["iops", "bw_bytes", "cpu_us_per_op", "alloc_bytes_per_op", "submit_batch", "reap_batch"])
        {
            Assert.True((double)json[key]! > 0, $"{key} is {json[key]}");
        }

        Assert.Equal(JsonValueKind.Number, json["ctx_switches_per_op"]!.GetValueKind());
        Assert.Equal(0, (long)json["errors"]!);
        Assert.NotEmpty(json["config"]!.AsObject());
        var latencies = json["lat_ns"]!;
        var (p50, p99) = ((long)latencies["p50"]!, (long)latencies["p99"]!);
        var (p999, max) = ((long)latencies["p999"]!, (long)latencies["max"]!);
        Assert.True(0 < p50 && p50 <= p99 && p99 <= p999 && p999 <= max, latencies.ToJsonString());
    }

    private static string Value(string[] words, string option) => words[Array.IndexOf(words, option) + 1];

    /// <summary>A requester's thread is there, and reads what cannot be anything but the load.</summary>
    private static async Task UntilMeasuredAsync(DemoProcess demo)
    {
        const long Much = 32 << 20;
        var deadline = DateTime.UtcNow + DemoProcess.Patience;
        long? before = null;
        while (before is null || ReadBytes(demo) < before + Much)
        {
            Assert.True(DateTime.UtcNow < deadline, "nothing was read");
            await Task.Delay(20);
            before ??= HasRequester(demo) ? ReadBytes(demo) : null;
        }
    }

    private static bool HasRequester(DemoProcess demo) => Directory.EnumerateDirectories($"/proc/{demo.Id}/task")
        .Any(task => File.ReadAllText($"{task}/comm").StartsWith("bench-", StringComparison.Ordinal));

    private static long ReadBytes(DemoProcess demo) => long.Parse(
        File.ReadLines($"/proc/{demo.Id}/io").First(line => line.StartsWith("read_bytes:", StringComparison.Ordinal)).Split(' ')[1]);

    private Task<DemoResult> RunAsync(params string[] arguments) =>
        DemoProcess.RunInAsync(_folder.Path, ["bench", "--filename", "file", .. Brief, .. arguments]);
}
