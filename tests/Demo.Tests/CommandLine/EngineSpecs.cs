using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace AkkaAio.Demo.Tests.CommandLine;

/// <summary><c>sum</c>, <c>hash</c> and <c>copy</c> are right with every engine, as anybody, and where there is no Linux.</summary>
public sealed class EngineSpecs : IDisposable
{
    // More than one block of the verbs' own, and a tail that is no multiple of anything.
    private const int Length = (3 << 20) + 1234;

    private readonly TempFolder _folder = new(Path.GetTempPath());

    public static TheoryData<string> Engines { get; } = ["auto", "linux-aio", "io-uring", "thread-pool", "posix-aio"];

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public Task Every_engine_is_right(string engine) =>
        AssertRight(DemoProcess.CommandLine(AppContext.BaseDirectory), "--ioengine", engine);

    [SkippableTheory]
    [MemberData(nameof(Engines))]
    public async Task Every_engine_is_right_for_an_unprivileged_user(string engine)
    {
        Needs.Root();
        Needs.Tool("setpriv");
        CopyDemo();
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0x1FF); // 0777
        string[] asNobody =
        [
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", .. DemoProcess.CommandLine(_folder["demo"]),
        ];
        var works = await DemoProcess.RunCommandAsync([.. asNobody, "--version"]);
        Skip.If(works.ExitCode != 0, $"nobody cannot run dotnet here: {string.Join(' ', works.Stderr)}");
        await AssertRight(asNobody, "--ioengine", engine);
    }

    [Fact]
    public async Task On_a_platform_whose_system_calls_are_not_known_auto_does_it_with_what_the_BCL_has()
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Join(AppContext.BaseDirectory, "AkkaAio.Demo.runtimeconfig.json")))!;
        config["runtimeOptions"]!["configProperties"]!["AkkaAio.Portable"] = true;
        var runtimeConfig = _folder.Text("portable.json", config.ToJsonString());
        var (host, demo) = (DemoProcess.CommandLine("")[0], Path.Join(AppContext.BaseDirectory, "AkkaAio.Demo.dll"));
        string[] portable = [host, "exec", "--runtimeconfig", runtimeConfig, demo];
        await AssertRight(portable);

        (await DemoProcess.RunCommandAsync([.. portable, "sum", "--path", _folder["forced"], "--ioengine", "linux-aio"]))
            .ShouldComplain("linux-aio");
    }

    private async Task AssertRight(string[] demo, params string[] options)
    {
        var content = new byte[Length];
        new Random(5).NextBytes(content);
        await File.WriteAllBytesAsync(_folder["source"], content);

        var sum = await DemoProcess.RunCommandAsync([.. demo, "sum", "--path", _folder["sum"], "--file-size", "300", .. options]);
        Assert.True(sum.ExitCode == 0, string.Join('\n', sum.Stderr));
        Assert.Equal("sum 44850 expected 44850 blocks 300 ok", sum.Stdout[^1]);

        var hash = await DemoProcess.RunCommandAsync([.. demo, "hash", .. options, _folder["source"]]);
        Assert.True(hash.ExitCode == 0, string.Join('\n', hash.Stderr));
        Assert.Equal($"{Convert.ToHexStringLower(SHA256.HashData(content))}  {_folder["source"]}", Assert.Single(hash.Stdout));

        var copy = await DemoProcess.RunCommandAsync([.. demo, "copy", .. options, _folder["source"], _folder["copied"]]);
        Assert.True(copy.ExitCode == 0, string.Join('\n', copy.Stderr));
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["copied"]));
    }

    // The tests' own folder may be closed to others.
    private void CopyDemo()
    {
        Directory.CreateDirectory(_folder["demo"]);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, _folder[$"demo/{Path.GetFileName(file)}"]);
        }
    }
}
