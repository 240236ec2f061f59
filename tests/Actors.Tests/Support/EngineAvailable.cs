using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Engines.IoUring;
using AkkaAio.Interop.Engines.LinuxAio;
using AkkaAio.Interop.Engines.PosixAio;
using AkkaAio.Interop.Files;

namespace AkkaAio.Tests.Support;

/// <summary>Which engines this machine has, each for itself, and where the specs keep their files.</summary>
internal static class EngineAvailable
{
    // All specs that run side by side, with some to spare.
    private const long WantedCapacity = 4096;

    private static readonly Lazy<(string? Root, string? WhyNot)> Folder = new(FindFolder);
    private static readonly Lazy<string?> LinuxAio = new(() => new LinuxAioEngine().WhyUnavailable());
    private static readonly Lazy<string?> IoUring = new(() => new IoUringEngine().WhyUnavailable());
    private static readonly Lazy<string?> PosixAio = new(() => new PosixAioEngine().WhyUnavailable());

    /// <summary>A folder on a file system that takes O_DIRECT.</summary>
    public static string Root => Folder.Value.Root ?? throw new InvalidOperationException(Folder.Value.WhyNot);

    /// <summary>Why specs cannot run on this engine at this moment; null when they can.</summary>
    public static string? WhyNot(EngineKind kind) => kind switch
    {
        EngineKind.Memory => null,
        EngineKind.LinuxAio or EngineKind.LinuxAioEpoll => LinuxAio.Value ?? TooLittleLeft() ?? Folder.Value.WhyNot,
        EngineKind.IoUring => IoUring.Value ?? Folder.Value.WhyNot,
        EngineKind.PosixAio => PosixAio.Value ?? Folder.Value.WhyNot,
        _ => Folder.Value.WhyNot,
    };

    private static string? TooLittleLeft() => AioLimits.Read() is { Free: < WantedCapacity } limits
        ? $"fs.aio-nr {limits.AioNr} of fs.aio-max-nr {limits.AioMaxNr} leaves less than {WantedCapacity}"
        : null;

    private static (string? Root, string? WhyNot) FindFolder()
    {
        var reasons = new List<string>();
        foreach (var folder in new[] { Path.GetTempPath(), AppContext.BaseDirectory })
        {
            var path = Path.Combine(folder, $"akka-aio-probe-{Guid.NewGuid():N}");
            try
            {
                LinuxFile.Open(path, new IoFileOptions(FileMode.CreateNew, FileAccess.ReadWrite, DirectIo.Required)).Dispose();
                return (folder, null);
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
