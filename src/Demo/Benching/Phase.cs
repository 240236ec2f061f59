namespace AkkaAio.Demo.Benching;

/// <summary>Where the measurement is. Written by it, read by every operation: nothing else is shared between requesters.</summary>
internal sealed class Phase
{
    private const int Ramp = 0;
    private const int Measure = 1;
    private const int Stop = 2;

    private volatile int _now = Ramp;

    public bool IsMeasuring => _now == Measure;

    public bool IsStopped => _now == Stop;

    public void StartMeasuring() => _now = Measure;

    /// <summary>Nobody starts another operation.</summary>
    public void End() => _now = Stop;
}
