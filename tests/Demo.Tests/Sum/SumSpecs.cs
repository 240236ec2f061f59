namespace AkkaAio.Demo.Tests.Sum;

public sealed class SumSpecs : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Without_options_it_sums_a_thousand_blocks_and_leaves_no_file()
    {
        var result = await DemoProcess.RunInAsync(_folder.Path, "sum");

        Assert.Equal("sum 499500 expected 499500 blocks 1000 ok", Assert.Single(result.Stdout));
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(_folder.Names);
        Assert.All(result.Stderr, line => Assert.Matches(@"^shard \d+: reads \d+, writes \d+, submits \d+, reaps \d+$", line));
    }

    [Fact]
    public async Task With_four_shards_all_four_serve_the_file()
    {
        var result = await DemoProcess.RunInAsync(
            _folder.Path, "sum", "--file-size", "2000", "--concurrent-requests", "128", "--min-nr", "32", "--max-nr", "64",
            "--shards", "4");

        Assert.Equal("sum 1999000 expected 1999000 blocks 2000 ok", Assert.Single(result.Stdout));
        Assert.Equal(4, result.Stderr.Count);
        Assert.All(
            result.Stderr, line => Assert.Matches(@"^shard \d: reads [1-9]\d*, writes [1-9]\d*, submits [1-9]\d*, reaps [1-9]\d*$", line));
    }

    [Fact]
    public async Task Min_nr_0_polls()
    {
        var result = await DemoProcess.RunInAsync(_folder.Path, "sum", "--min-nr", "0", "--max-nr", "8", "--file-size", "100");

        Assert.Equal("sum 4950 expected 4950 blocks 100 ok", Assert.Single(result.Stdout));
    }

    [Fact]
    public async Task Another_engine_sums_the_same()
    {
        var option = await DemoProcess.RunInAsync(_folder.Path, "sum", "--ioengine", "thread-pool", "--shards", "2");
        Assert.Equal("sum 499500 expected 499500 blocks 1000 ok", Assert.Single(option.Stdout));

        var config = _folder.Text("engine.conf", "akka.io.aio.engine = thread-pool");
        var file = await DemoProcess.RunInAsync(_folder.Path, "sum", "--config", config);
        Assert.Equal("sum 499500 expected 499500 blocks 1000 ok", Assert.Single(file.Stdout));
    }

    [Fact]
    public async Task An_engine_that_there_is_not_is_refused()
    {
        (await DemoProcess.RunInAsync(_folder.Path, "sum", "--ioengine", "memory")).ShouldComplain("--ioengine", "memory", "thread-pool");
    }

    [Fact]
    public async Task No_blocks_sum_to_nothing()
    {
        var result = await DemoProcess.RunInAsync(_folder.Path, "sum", "--file-size", "0");

        Assert.Equal("sum 0 expected 0 blocks 0 ok", Assert.Single(result.Stdout));
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task A_path_that_is_not_there_is_made_and_kept()
    {
        var result = await DemoProcess.RunAsync("sum", "--path", _folder["new"], "--file-size", "10");

        Assert.Equal(0, result.ExitCode);
        var bytes = await File.ReadAllBytesAsync(_folder["new"]);
        Assert.Equal(10 * 4096, bytes.Length);
        Assert.Equal(7, BitConverter.ToInt32(bytes, 7 * 4096));
    }

    [Fact]
    public async Task A_path_that_is_empty_is_filled()
    {
        var path = _folder.Text("empty", "");

        var result = await DemoProcess.RunAsync("sum", "--path", path, "--file-size", "10");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(10 * 4096, new FileInfo(path).Length);
    }

    [Fact]
    public async Task A_path_that_holds_something_is_left_alone()
    {
        var path = _folder.Text("mine", "precious");

        (await DemoProcess.RunAsync("sum", "--path", path)).ShouldComplain("sum: ", path, "8 bytes");

        Assert.Equal("precious", await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task The_config_file_is_between_options_and_defaults()
    {
        // Only the file's nr of 16 admits the option's 4; only the option's 4 makes the file's 20 possible.
        var config = _folder.Text("sum.conf", "akka.io.aio { shards = 3, reap { min-nr = 20, nr = 16 } }");

        var result = await DemoProcess.RunAsync(
            "sum", "--config", config, "--min-nr", "4", "--path", _folder["file"]);

        Assert.Equal("sum 499500 expected 499500 blocks 1000 ok", Assert.Single(result.Stdout));
        Assert.Equal(3, result.Stderr.Count);
    }

    [Fact]
    public void A_wrong_sum_is_a_mismatch()
    {
        var result = new Demo.Sum.SumResult(499501, 1000, []);

        Assert.Equal("sum 499501 expected 499500 blocks 1000 MISMATCH", result.ToString());
        Assert.False(result.IsRight);
    }

    [Fact]
    public void The_sum_of_the_largest_file_fits() =>
        Assert.Equal(2305843005992468481, new Demo.Sum.SumResult(0, int.MaxValue, []).Expected);
}
