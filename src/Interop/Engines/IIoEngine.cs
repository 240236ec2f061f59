using AkkaAio.Interop.Folders;

namespace AkkaAio.Interop.Engines;

/// <summary>The kernel interface behind the contexts, and the files that they work on.</summary>
internal interface IIoEngine
{
    /// <summary>The name that <c>akka.io.aio.engine</c> selects it by.</summary>
    string Name { get; }

    /// <summary>
    /// Whether buffered files may be submitted to its contexts without blocking the submitter; where not, their I/O belongs to the
    /// blocking calls of <see cref="IIoFile"/>.
    /// </summary>
    bool TakesBuffered => false;

    /// <summary>
    /// With how many operations in flight it may pay to look for completions again and again; with few alone where threads of this process
    /// bring them about, which else want for the processor that looks.
    /// </summary>
    long MostPolled => long.MaxValue;

    /// <summary>
    /// Operations in flight that all contexts of this machine may still reserve, as (free, in all); null when the engine knows no such
    /// limit. For Linux AIO what <c>fs.aio-nr</c> leaves of <c>fs.aio-max-nr</c>.
    /// </summary>
    (long Free, long Max)? Capacity { get; }

    /// <summary>What one context reserves of <see cref="Capacity"/> for a given depth.</summary>
    long CapacityOf(int depth);

    /// <summary>
    /// Asks this machine, by a probe that leaves nothing behind, whether contexts can be had. A limit that is reached just now is no
    /// reason: it passes. Blocks for some milliseconds.
    /// </summary>
    /// <returns>Null when usable, else the reason in words with the remedy.</returns>
    string? WhyUnavailable() => null;

    /// <summary>Opens a context.</summary>
    /// <exception cref="AioContextException">The kernel refuses; says what to change.</exception>
    IIoContext CreateContext(int depth);

    /// <summary>Opens a file; blocks like any open(2).</summary>
    /// <exception cref="AioException">The file cannot be opened as asked.</exception>
    IIoFile Open(string path, IoFileOptions options);

    /// <summary>The names of its files.</summary>
    internal IFileNames Names => FileSystemNames.Instance;
}
