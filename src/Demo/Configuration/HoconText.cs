namespace AkkaAio.Demo.Configuration;

/// <summary>
/// Looks for a missing or superfluous brace, bracket or quote and for a missing key, which Akka's parser lets pass: what stands behind
/// it would silently land in another section, or nowhere.
/// </summary>
internal static class HoconText
{
    private const string TripleQuote = "\"\"\"";

    /// <summary>"line 3: …", or null when everything that is opened is closed.</summary>
    public static string? FindMistake(string text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var line = 1;
        var atStart = true; // nothing yet of the next key
        for (var i = 0; i < text.Length; i++)
        {
            var wasAtStart = atStart;
            atStart = text[i] is '\n' or ',' or '{' or '}' || (atStart && char.IsWhiteSpace(text[i]));
            switch (text[i])
            {
                case '\n':
                    line++;
                    break;
                case '=' or ':' when wasAtStart:
                    return $"line {line}: '{text[i]}' has no key before it";
                case '#':
                case '/' when text.AsSpan(i).StartsWith("//"):
                    i = EndOfLine(text, i) - 1;
                    atStart = wasAtStart;
                    break;
                case '"' when text.AsSpan(i).StartsWith(TripleQuote):
                    var end = text.IndexOf(TripleQuote, i + TripleQuote.Length, StringComparison.Ordinal);
                    if (end < 0)
                    {
                        return $"line {line}: {TripleQuote} is never closed";
                    }

                    line += text.AsSpan(i, end - i).Count('\n');
                    i = end + TripleQuote.Length - 1;
                    break;
                case '"':
                    i = EndOfString(text, i);
                    if (i < 0)
                    {
                        return $"line {line}: a quote is missing";
                    }

                    break;
                case '{' or '[':
                    open.Push((text[i], line));
                    break;
                case '}' or ']':
                    if (!open.TryPop(out var opened))
                    {
                        return $"line {line}: '{text[i]}' closes nothing";
                    }

                    if ((opened.Bracket, text[i]) is ('{', ']') or ('[', '}'))
                    {
                        return $"line {line}: '{text[i]}' stands where the '{opened.Bracket}' of line {opened.Line} is to be closed";
                    }

                    break;
                default:
                    break;
            }
        }

        return open.TryPop(out var last) ? $"line {last.Line}: '{last.Bracket}' is never closed" : null;
    }

    private static int EndOfLine(string text, int from) => text.IndexOf('\n', from) is var end and >= 0 ? end : text.Length;

    // Index of the closing quote; -1 when the line ends before it.
    private static int EndOfString(string text, int from)
    {
        for (var i = from + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == '"')
            {
                return i;
            }

            if (text[i] == '\\')
            {
                i++;
            }
        }

        return -1;
    }
}
