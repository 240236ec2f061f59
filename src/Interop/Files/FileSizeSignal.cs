using System.Runtime.InteropServices;

namespace AkkaAio.Interop.Files;

/// <summary>
/// A write over RLIMIT_FSIZE raises SIGXFSZ, whose default ends the process. With the signal handled the write fails with EFBIG, as
/// any other error.
/// </summary>
internal static class FileSizeSignal
{
    // The same number on x86-64 and arm64 (asm-generic/signal.h).
    private const PosixSignal SigXfsz = (PosixSignal)25;

    private static readonly Lock Once = new();
    private static PosixSignalRegistration? s_registration;

    /// <summary>Ignores the signal for the life of the process. Harmless when called again.</summary>
    public static void Ignore()
    {
        if (OperatingSystem.IsLinux())
        {
            lock (Once)
            {
                s_registration ??= PosixSignalRegistration.Create(SigXfsz, static context => context.Cancel = true);
            }
        }
    }
}
