using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace AkkaAio.Tests.Support;

/// <summary>This process has no descriptor left but so many, until it is disposed. For tests that run alone.</summary>
internal sealed class NoDescriptors : IDisposable
{
    private readonly List<SafeFileHandle> _taken = [];
    private readonly string _soft;

    private NoDescriptors(string soft) => _soft = soft;

    /// <summary>Lowers the limit to a little above what is open, and takes all that there are but <paramref name="left"/>.</summary>
    public static NoDescriptors Take(int left)
    {
        var soft = File.ReadLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        var highest = Directory.GetFiles("/proc/self/fd").Max(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));
        var error = SetLimit((highest + 20 + left).ToString(CultureInfo.InvariantCulture));
        Xunit.Skip.If(error is not null, $"prlimit: {error}");
        var none = new NoDescriptors(soft);
        try
        {
            while (true)
            {
                none._taken.Add(File.OpenHandle("/dev/null"));
            }
        }
        catch (IOException)
        {
            none.Free(left);
            return none;
        }
    }

    public void Dispose()
    {
        Free(_taken.Count);
        SetLimit(_soft);
    }

    private void Free(int count)
    {
        foreach (var handle in _taken[^count..])
        {
            handle.Dispose();
        }

        _taken.RemoveRange(_taken.Count - count, count);
    }

    // Null: done.
    private static string? SetLimit(string soft)
    {
        try
        {
            using var prlimit = Process.Start(
                "prlimit", ["--pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), $"--nofile={soft}:"]);
            prlimit.WaitForExit();
            return prlimit.ExitCode == 0 ? null : $"exit code {prlimit.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
