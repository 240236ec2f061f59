using System.Diagnostics.CodeAnalysis;

namespace AkkaAio.TestKit;

/// <summary>Two paths are one when they name one file.</summary>
internal sealed class FullPathComparer : IEqualityComparer<string>
{
    public static readonly FullPathComparer Instance = new();

    public bool Equals(string? x, string? y) => x == y || (x is not null && y is not null && Full(x) == Full(y));

    public int GetHashCode([DisallowNull] string obj) => StringComparer.Ordinal.GetHashCode(Full(obj));

    private static string Full(string path) => MemoryEngine.FullPathOf(path);
}
