namespace AkkaAio.Demo.Clustering;

/// <summary>Text as a quoted value of HOCON.</summary>
internal static class HoconString
{
    public static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
