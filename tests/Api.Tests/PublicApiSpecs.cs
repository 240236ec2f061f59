using System.Reflection;
using System.Runtime.CompilerServices;
using PublicApiGenerator;

namespace AkkaAio.Api.Tests;

/// <summary>The public surface of each package is the text file of its name beside this file: a change of it is seen in a review.</summary>
public sealed class PublicApiSpecs
{
    private const string Accept = "AKKA_AIO_ACCEPT_API";

    private static readonly string[] Names =
    [
        .. Directory.EnumerateFiles(Path.Combine(Folder(), "..", "..", "src"), "*.csproj", SearchOption.AllDirectories)
            .Where(project => File.ReadAllText(project).Contains("<IsPackable>true</IsPackable>", StringComparison.Ordinal))
            .Select(project => Path.GetFileNameWithoutExtension(project)!),
    ];

    public static TheoryData<string> Packages => new(Names);

    [Fact]
    public void Each_file_is_of_a_package() => Assert.Equal(
        Names.Order(StringComparer.Ordinal),
        Directory.EnumerateFiles(Folder(), "*.txt").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Packages))]
    public void The_public_surface_is_the_accepted_one(string package)
    {
        var file = Path.Combine(Folder(), $"{package}.txt");
        var surface = string.Join('\n', AssembliesOf(package).Select(SurfaceOf));
        if (Environment.GetEnvironmentVariable(Accept) == "1")
        {
            File.WriteAllText(file, surface);
        }

        var accepted = File.Exists(file) ? File.ReadAllText(file) : "";
        Assert.True(
            surface == accepted,
            $"""
            The public surface of {package} is not that of tests/Api.Tests/{package}.txt:
            {Difference(accepted.Split('\n'), surface.Split('\n'))}
            Is the change meant? Then accept it, and commit the file: {Accept}=1 dotnet test tests/Api.Tests
            """);
    }

    [Fact]
    public void A_difference_names_the_type_and_the_lines_that_came_and_went() => Assert.Equal(
        "  class A\n- int Old;\n+ int New;\n+ int More;",
        Difference(["class A", "{", "int Old;", "}", "class B", "{"], ["class A", "{", "int New;", "int More;", "}", "class B", "{"]));

    /// <summary>The assemblies of a package: its own, and Interop's in AkkaAio's.</summary>
    private static IEnumerable<Assembly> AssembliesOf(string package) =>
        (package == "AkkaAio" ? ["AkkaAio", "AkkaAio.Interop"] : new[] { package }).Select(Assembly.Load);

    private static string SurfaceOf(Assembly assembly)
    {
        var surface = assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false });
        return $"// {assembly.GetName().Name}\n{surface.ReplaceLineEndings("\n").TrimEnd()}\n";
    }

    /// <summary>The lines that are only in one of the texts, each run of them below the last line before it that opens a block.</summary>
    private static string Difference(string[] before, string[] after)
    {
        // lengths[i, j]: of the longest common part of before[i..] and after[j..].
        var lengths = new int[before.Length + 1, after.Length + 1];
        for (var i = before.Length - 1; i >= 0; i--)
        {
            for (var j = after.Length - 1; j >= 0; j--)
            {
                lengths[i, j] = before[i] == after[j] ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
            }
        }

        var lines = new List<string>();
        string? opened = null;
        for (int i = 0, j = 0; i < before.Length || j < after.Length;)
        {
            if (i < before.Length && j < after.Length && before[i] == after[j])
            {
                opened = i + 1 < before.Length && before[i + 1].Trim() == "{" ? before[i] : opened;
                (i, j) = (i + 1, j + 1);
                continue;
            }

            if (opened is not null)
            {
                lines.Add($"  {opened.Trim()}");
                opened = null;
            }

            var isGone = j == after.Length || (i < before.Length && lengths[i + 1, j] >= lengths[i, j + 1]);
            lines.Add(isGone ? $"- {before[i++].Trim()}" : $"+ {after[j++].Trim()}");
        }

        return string.Join('\n', lines);
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
