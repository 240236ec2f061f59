namespace AkkaAio.Demo.CommandLine;

/// <summary>What the process ends with. A signal ends it with 128 + its number, as shells have it.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failure = 1;
    public const int Usage = 2;
}
