namespace AkkaAio.Tests.Model.Stepping;

/// <summary>What happened in a schedule: as one number, and as text when that is wanted.</summary>
internal sealed class Trace(bool keepsLines = false)
{
    private const ulong Prime = 1099511628211;

    private readonly List<string>? _lines = keepsLines ? [] : null;

    /// <summary>Equal for schedules that went the same way (FNV-1a).</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    public int Count { get; private set; }

    /// <summary>As text: one line for each choice, command, reply and blocking call.</summary>
    public IReadOnlyList<string> Lines => _lines ?? [];

    public void Add(char kind, int number)
    {
        Count++;
        Hash = ((Hash ^ kind) * Prime ^ (uint)number) * Prime;
        _lines?.Add($"{kind}{number}");
    }

    public void Add(string what)
    {
        foreach (var character in what)
        {
            Hash = (Hash ^ character) * Prime;
        }

        Count++;
        _lines?.Add(what);
    }
}
