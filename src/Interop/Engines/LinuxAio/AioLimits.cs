using System.Globalization;

namespace AkkaAio.Interop.Engines.LinuxAio;

/// <summary>The machine-wide limit of Linux AIO: what all contexts of all processes may reserve together.</summary>
/// <param name="AioNr"><c>fs.aio-nr</c>: reserved now.</param>
/// <param name="AioMaxNr"><c>fs.aio-max-nr</c>: the limit; 65536 where nobody changed it.</param>
internal readonly record struct AioLimits(long AioNr, long AioMaxNr)
{
    /// <summary>Operations that may still be reserved.</summary>
    public long Free => Math.Max(0, AioMaxNr - AioNr);

    /// <summary>Reads <c>/proc/sys/fs</c>; without it (not mounted, hidden by a container) the stock limit is assumed.</summary>
    public static AioLimits Read() => new(ReadNumber("/proc/sys/fs/aio-nr", 0), ReadNumber("/proc/sys/fs/aio-max-nr", 65536));

    /// <summary>What to type so that <paramref name="needed"/> more operations fit.</summary>
    public string Remedy(long needed) => Remedy(needed, AioMaxNr + 1);

    /// <summary>As the other, with a limit of <paramref name="atLeast"/>.</summary>
    public string Remedy(long needed, long atLeast) =>
        $"fs.aio-nr is {AioNr} of fs.aio-max-nr {AioMaxNr}; raise the limit with: sysctl -w fs.aio-max-nr=" +
        RoundUp(Math.Max(AioNr + needed, Math.Max(atLeast, AioMaxNr + 1))).ToString(CultureInfo.InvariantCulture);

    private static long RoundUp(long number)
    {
        const long Stock = 65536;
        return (number + Stock - 1) / Stock * Stock;
    }

    private static long ReadNumber(string path, long fallback)
    {
        try
        {
            return long.Parse(File.ReadAllText(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return fallback;
        }
    }
}
