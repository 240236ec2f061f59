using AkkaAio.Demo.CommandLine;
using AkkaAio.Demo.Files;

namespace AkkaAio.Demo.Sum;

/// <summary>The file that <c>sum</c> writes, and what is done with it at the end.</summary>
internal sealed class SumTarget : IDisposable
{
    private readonly bool _isTemporary;
    private string? _realPath;
    private bool _wasThere;
    private bool _kept;

    public SumTarget(string? path)
    {
        _isTemporary = path is null;
        Path = path ?? System.IO.Path.Combine(Environment.CurrentDirectory, $"akka-aio-sum-{System.IO.Path.GetRandomFileName()}");
    }

    public string Path { get; }

    /// <summary>Refuses a path whose real name .NET cannot write: what is cleaned up in the end would be another file.</summary>
    /// <exception cref="DemoException">It is one.</exception>
    public void Check()
    {
        var folder = System.IO.Path.GetDirectoryName(Path) is { Length: > 0 } named ? named : ".";
        if (RealPath.TryGet(Path, out _) == Errno.EILSEQ || RealPath.TryGet(folder, out _) == Errno.EILSEQ)
        {
            throw new DemoException($"{Path}: leads to a name that is not UTF-8, which .NET cannot open");
        }
    }

    /// <summary>The file was made by us, or was there and empty: from here on it is ours to clean up.</summary>
    /// <param name="realPath">
    /// Where it really is; "link/.." in <see cref="Path"/> means one thing to the kernel, another to the BCL.
    /// </param>
    /// <param name="wasThere">Whether it was there.</param>
    public void Touched(string realPath, bool wasThere)
    {
        _realPath = realPath;
        _wasThere = wasThere;
    }

    /// <summary>The file is complete: one that the user named stays.</summary>
    public void Keep() => _kept = !_isTemporary;

    /// <summary>Leaves nothing half-written: removes what was made, empties what was empty.</summary>
    public void Dispose()
    {
        if (_realPath is null || _kept)
        {
            return;
        }

        if (_wasThere)
        {
            using var file = new FileStream(_realPath, FileMode.Truncate);
        }
        else
        {
            File.Delete(_realPath);
        }
    }
}
