using System.Security.Cryptography;

namespace AkkaAio.Demo.Tests;

/// <summary>A folder that goes with the test. Beside the tests and not in /tmp, which may be a tmpfs without direct I/O.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder(string? parent = null)
    {
        Path = System.IO.Path.Join(parent ?? AppContext.BaseDirectory, $"tmp-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Join(Path, name);

    /// <summary>The names in it, in ordinal order.</summary>
    public IEnumerable<string?> Names =>
        Directory.EnumerateFileSystemEntries(Path).Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal);

    /// <summary>Makes a file of random bytes, and the folders above it; gives its path.</summary>
    public string Random(string name, int length)
    {
        var path = this[name];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes(length));
        return path;
    }

    /// <summary>Makes a text file; gives its path.</summary>
    public string Text(string name, string content)
    {
        File.WriteAllText(this[name], content);
        return this[name];
    }

    /// <summary>Makes a file that is all hole; gives its path.</summary>
    public string Sparse(string name, long length)
    {
        using var file = File.Create(this[name]);
        file.SetLength(length);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
