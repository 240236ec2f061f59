namespace AkkaAio.Demo.Tests;

/// <summary>The demo as an unprivileged user (65534), from a copy that this user may read.</summary>
internal static class AsNobody
{
    public const int Id = 65534;

    /// <summary>Copies the demo into a folder and opens that to everybody; gives the command line. Skips where it cannot run.</summary>
    public static async Task<string[]> PrepareAsync(TempFolder folder)
    {
        Needs.Root();
        Needs.Tool("setpriv");
        Directory.CreateDirectory(folder["demo"]);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, folder[$"demo/{Path.GetFileName(file)}"]); // the tests' own folder may be closed to others
        }

        File.Copy(Path.Join(AppContext.BaseDirectory, "config", "node.conf"), folder["demo/node.conf"]);
        string[] asNobody =
        [
            "setpriv", $"--reuid={Id}", $"--regid={Id}", "--clear-groups", .. DemoProcess.CommandLine(folder["demo"]),
        ];
        var works = await DemoProcess.RunCommandAsync([.. asNobody, "--version"]);
        Skip.If(works.ExitCode != 0, $"nobody cannot run dotnet here: {string.Join(' ', works.Stderr)}");
        return asNobody;
    }
}
