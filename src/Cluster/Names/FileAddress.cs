using System.Buffers;
using System.Globalization;
using System.Text;

namespace AkkaAio.Cluster.Names;

/// <summary>
/// Where a file of the cluster is: a disk, and a name on it, as <c>&lt;disk&gt;/&lt;name&gt;</c>. A file has one spelling: two would be
/// two owners of one file.
/// </summary>
internal readonly record struct FileAddress(string Disk, string Name)
{
    public const int MostBytes = 1024;

    /// <summary>A disk's id: a UUID as 32 hexadecimal digits in lower case.</summary>
    public const int DiskIdLength = 32;

    private const char Separator = '/';

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The disk as a whole.</summary>
    public bool IsDisk => Name.Length == 0;

    /// <summary>Takes an address apart. Nothing is normalised: what is not canonical is refused.</summary>
    /// <param name="text">The address.</param>
    /// <param name="address">What it names.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? TryParse(string text, out FileAddress address)
    {
        address = default;
        var slash = text.IndexOf(Separator, StringComparison.Ordinal);
        if (slash != DiskIdLength || !IsDiskId(text.AsSpan(0, slash)))
        {
            return $"\"{Shorten(text)}\" does not begin with a disk's id, which is {DiskIdLength} hexadecimal digits in lower case and a /";
        }

        var name = text[(slash + 1)..];
        if (name.Length > 0 && WhyNotName(name) is { } why)
        {
            return why;
        }

        address = new FileAddress(text[..slash], name);
        return null;
    }

    /// <summary>Why this cannot be the name of a file; null: it can.</summary>
    public static string? WhyNotName(string name)
    {
        var shown = Shorten(name);
        if (name.Length == 0)
        {
            return "the name is empty";
        }

        if (name.Length > MostBytes || CountBytes(name) is not { } bytes || bytes > MostBytes)
        {
            return name.Length <= MostBytes && CountBytes(name) is null
                ? $"\"{shown}\" is no valid Unicode: half of a surrogate pair"
                : $"\"{shown}\" is longer than {MostBytes} bytes of UTF-8";
        }

        if (name.Contains('\0', StringComparison.Ordinal))
        {
            return $"\"{shown}\" contains a NUL";
        }

        foreach (var segment in name.Split(Separator))
        {
            switch (segment)
            {
                case "":
                    return $"\"{shown}\" has an empty segment: it begins or ends with /, or contains //";
                case "." or "..":
                    return $"\"{shown}\" has the segment \"{segment}\"";
                default:
                    if (Encoding.UTF8.GetByteCount(segment) > 255)
                    {
                        return $"\"{shown}\" has a segment longer than 255 bytes";
                    }

                    break;
            }
        }

        return null;
    }

    public static bool IsDiskId(ReadOnlySpan<char> text) =>
        text.Length == DiskIdLength && !text.ContainsAnyExcept(HexDigits);

    public override string ToString() => $"{Disk}{Separator}{Name}";

    private static int? CountBytes(string name)
    {
        try
        {
            return Strict.GetByteCount(name);
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }

    // For a message: short, and without what a terminal would take for a command.
    private static string Shorten(string text)
    {
        const int Most = 80;
        var shown = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, Most)))
        {
            _ = char.IsControl(c) ? shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : shown.Append(c);
        }

        return text.Length > Most ? $"{shown}…" : shown.ToString();
    }
}
