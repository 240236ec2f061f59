using System.Globalization;

namespace AkkaAio.ClusterDriver;

/// <summary>What the check found.</summary>
internal sealed class Verdict
{
    private const int MostNotes = 20;

    private readonly List<string> _notes = [];

    public long Acked { get; set; }

    /// <summary>Acknowledged, and not there.</summary>
    public int Missing { get; private set; }

    /// <summary>Old bytes over newer ones, an order or an epoch that goes back, what was said not to be performed.</summary>
    public int Stale { get; private set; }

    /// <summary>Twice there.</summary>
    public int Doubled { get; private set; }

    /// <summary>Neither whole nor absent.</summary>
    public int Torn { get; private set; }

    public TimeSpan WorstGap { get; set; }

    public TimeSpan OtherGap { get; set; }

    public int Found => Missing + Stale + Doubled + Torn;

    public bool IsGood => Found == 0 && Acked > 0;

    public IReadOnlyList<string> Notes => _notes;

    public void IsMissing(string what) => Missing = Note("missing", what, Missing);

    public void IsStale(string what) => Stale = Note("stale", what, Stale);

    public void IsDoubled(string what) => Doubled = Note("dup", what, Doubled);

    public void IsTorn(string what) => Torn = Note("torn", what, Torn);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"acked {Acked} missing {Missing} stale {Stale} dup {Doubled} torn {Torn} worst-gap {WorstGap.TotalSeconds:0.0} other-gap " +
        $"{OtherGap.TotalSeconds:0.0}");

    private int Note(string kind, string what, int count)
    {
        if (_notes.Count < MostNotes)
        {
            _notes.Add($"{kind}: {what}");
        }

        return count + 1;
    }
}
