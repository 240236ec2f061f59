using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.LinuxAio;

namespace AkkaAio.Tests.Support;

/// <summary>Whether this machine can run the specs of the engine linux-aio, and where it keeps their files.</summary>
internal static class LinuxAioAvailable
{
    // All specs that run side by side, with some to spare.
    private const long WantedCapacity = 4096;

    private static readonly Lazy<(string? Root, string Reason)> Found = new(Find);

    /// <summary>Why not, at this moment; empty when it can.</summary>
    public static string Reason =>
        AioLimits.Read() is { Free: < WantedCapacity } limits
            ? $"fs.aio-nr {limits.AioNr} of fs.aio-max-nr {limits.AioMaxNr} leaves less than {WantedCapacity}"
            : Found.Value.Reason;

    /// <summary>A folder on a file system that takes O_DIRECT.</summary>
    public static string Root => Found.Value.Root ?? throw new InvalidOperationException(Found.Value.Reason);

    private static (string? Root, string Reason) Find()
    {
        var engine = new LinuxAioEngine();
        try
        {
            engine.CreateContext(1).Dispose();
        }
        catch (Exception e) when (e is AioException or PlatformNotSupportedException)
        {
            return (null, $"no Linux AIO here: {e.Message}");
        }

        var reasons = new List<string>();
        foreach (var folder in new[] { Path.GetTempPath(), AppContext.BaseDirectory })
        {
            var path = Path.Combine(folder, $"akka-aio-probe-{Guid.NewGuid():N}");
            try
            {
                engine.Open(path, new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, DirectIo.Required)).Dispose();
                return (folder, "");
            }
            catch (AioException e)
            {
                reasons.Add(e.Message);
            }
            finally
            {
                File.Delete(path);
            }
        }

        return (null, $"no folder with direct I/O: {string.Join("; ", reasons)}");
    }
}
