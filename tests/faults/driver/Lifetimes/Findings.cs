namespace AkkaAio.FaultDriver.Lifetimes;

/// <summary>What should not have happened.</summary>
internal sealed class Findings
{
    private const int Most = 20;

    private readonly Lock _lock = new();
    private readonly List<string> _findings = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _findings.Count;
            }
        }
    }

    public void Add(string finding)
    {
        lock (_lock)
        {
            _findings.Add(finding);
            if (_findings.Count <= Most)
            {
                Console.WriteLine($"  FINDING {finding}");
            }
        }
    }
}
