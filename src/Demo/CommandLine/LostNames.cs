using System.Text;

namespace AkkaAio.Demo.CommandLine;

/// <summary>
/// Names that are not UTF-8. .NET puts U+FFFD in the place of the wrong bytes, so that the text names another file, which may even be
/// there.
/// </summary>
internal static class LostNames
{
    private const char Replacement = '\uFFFD';

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // The arguments as the kernel has them, each ended by a zero byte.
    private static readonly Lazy<bool> CommandLineIsUtf8 = new(() => !OperatingSystem.IsLinux() || IsUtf8(ReadCommandLine()));

    /// <summary>Whether a text may stand for bytes that are not UTF-8.</summary>
    public static bool MayBe(string text) => text.Contains(Replacement, StringComparison.Ordinal);

    /// <summary>Whether an argument of the command line is not what was typed.</summary>
    public static bool Is(string argument) => MayBe(argument) && !CommandLineIsUtf8.Value;

    /// <summary>"what: the name is not UTF-8 …".</summary>
    public static string Describe(string name) => $"{name}: the name is not UTF-8, which .NET cannot open";

    /// <summary>Refuses an argument that is not what was typed.</summary>
    /// <exception cref="UsageException">It is not.</exception>
    public static void Refuse(string? argument)
    {
        if (argument is not null && Is(argument))
        {
            throw new UsageException(Describe(argument));
        }
    }

    private static bool IsUtf8(byte[] bytes)
    {
        try
        {
            Strict.GetCharCount(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static byte[] ReadCommandLine()
    {
        try
        {
            return File.ReadAllBytes("/proc/self/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // no /proc: what is typed is taken for right
        }
    }
}
