using System.Globalization;
using System.Text;
using AkkaAio.Cluster.Logs;

namespace AkkaAio.Cluster.Disks;

/// <summary>
/// A cookie's bytes: a line that names the format, lines of a key and a value, and a last line with the CRC-32C of those before it.
/// </summary>
internal static class CookieText
{
    public static byte[] Write(string firstLine, params ReadOnlySpan<(string Key, string Value)> lines)
    {
        var text = new StringBuilder(firstLine).Append('\n');
        foreach (var (key, value) in lines)
        {
            text.Append(CultureInfo.InvariantCulture, $"{key} {value}\n");
        }

        var crc = Crc32C.Of(Encoding.ASCII.GetBytes(text.ToString()));
        return Encoding.ASCII.GetBytes(text.Append(CultureInfo.InvariantCulture, $"crc {crc:x8}\n").ToString());
    }

    private static string FirstLine(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)'\n');
        return Encoding.ASCII.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>Checks the line that names the format.</summary>
    /// <param name="bytes">The cookie.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="expected">The line that this storage writes.</param>
    /// <param name="other">That of the other storage, and what to say of it.</param>
    /// <exception cref="AioClusterException">It is another one.</exception>
    public static void CheckFormat(ReadOnlySpan<byte> bytes, string path, string expected, (string Line, string Why) other)
    {
        var first = FirstLine(bytes);
        if (first == other.Line)
        {
            throw new AioClusterException($"{path} says that {other.Why}");
        }

        if (first != expected)
        {
            throw new AioClusterException(
                $"{path} begins with \"{first[..Math.Min(first.Length, 40)]}\", and this version reads \"{expected}\"; " +
                "it was written by another version, or is no folder of AkkaAio's");
        }
    }

    /// <summary>The values, in the order of the keys; null: a line is missing, is another one, or the CRC-32C is wrong.</summary>
    public static string[]? Read(ReadOnlySpan<byte> bytes, params ReadOnlySpan<string> keys)
    {
        var text = Encoding.ASCII.GetString(bytes);
        var lines = text.Split('\n');
        var end = text.LastIndexOf("crc ", StringComparison.Ordinal);
        if (lines.Length != keys.Length + 3 || lines[^1].Length > 0 || end < 0 ||
            lines[^2] != string.Create(CultureInfo.InvariantCulture, $"crc {Crc32C.Of(bytes[..end]):x8}"))
        {
            return null;
        }

        var values = new string[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            if (!lines[i + 1].StartsWith($"{keys[i]} ", StringComparison.Ordinal))
            {
                return null;
            }

            values[i] = lines[i + 1][(keys[i].Length + 1)..];
        }

        return values;
    }
}
