namespace AkkaAio.ClusterDriver;

/// <summary>How the reader lies, to prove the check.</summary>
internal enum Lie
{
    None,

    /// <summary>An acknowledged record of a log is left out.</summary>
    Drop,

    /// <summary>A record of a log comes twice.</summary>
    Double,

    /// <summary>A byte of a log is another one.</summary>
    Damage,

    /// <summary>A block of a plain file is as it was before its last acknowledged write.</summary>
    Stale,

    /// <summary>A block of a plain file is half written.</summary>
    Half,
}

internal sealed record LoadOptions(
    string Seeds, string Host, TimeSpan Time, int Random, int Files, int Disks, string[] Faulted, bool Doubled, TimeSpan CallTimeout,
    int MostBytes, Lie Lie, bool WritesAlone, string Histories, string Hocon);
