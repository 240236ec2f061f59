namespace AkkaAio.Demo.Benching;

/// <summary>Something that keeps operations outstanding until the phase ends.</summary>
internal interface ILoad
{
    /// <summary>What has been recorded, by every recorder.</summary>
    IEnumerable<Recorder> Recorders { get; }

    /// <summary>Begins, and goes on until <paramref name="phase"/> ends, or until everything has failed.</summary>
    /// <returns>Done when nothing is outstanding any more.</returns>
    Task RunAsync(Phase phase);
}
