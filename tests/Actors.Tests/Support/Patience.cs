namespace AkkaAio.Tests.Support;

/// <summary>Upper bounds, for machines that are busy: no test waits for one of them to pass.</summary>
public static class Patience
{
    public static TimeSpan Long { get; } = TimeSpan.FromSeconds(20);
}
