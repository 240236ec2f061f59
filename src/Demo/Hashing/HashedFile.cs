namespace AkkaAio.Demo.Hashing;

/// <summary>One line of output.</summary>
/// <param name="Path">As it is to be printed.</param>
/// <param name="Hash">SHA-256 in lower-case hex digits; null when it failed.</param>
/// <param name="Error">Why it failed: a whole line.</param>
internal sealed record HashedFile(string Path, string? Hash, string? Error = null)
{
    /// <summary>
    /// As sha256sum prints it: a backslash, line feed or carriage return in the name is escaped, and a leading backslash says so.
    /// </summary>
    public override string ToString()
    {
        if (Path.AsSpan().IndexOfAny('\\', '\n', '\r') < 0)
        {
            return $"{Hash}  {Path}";
        }

        var escaped = Path.Replace(@"\", @"\\", StringComparison.Ordinal)
            .Replace("\n", @"\n", StringComparison.Ordinal)
            .Replace("\r", @"\r", StringComparison.Ordinal);
        return $@"\{Hash}  {escaped}";
    }
}
