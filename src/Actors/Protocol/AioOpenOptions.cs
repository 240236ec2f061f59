using Akka.Actor;
using AkkaAio.Interop.Engines;

namespace AkkaAio;

/// <summary>How to open a file.</summary>
public sealed record AioOpenOptions
{
    /// <summary>An existing file, for reading, direct where possible.</summary>
    public static AioOpenOptions Default { get; } = new();

    /// <summary>As for <see cref="FileStream"/>; Append is refused, since every write names its offset.</summary>
    public FileMode Mode { get; init; } = FileMode.Open;

    /// <summary>As for <see cref="FileStream"/>.</summary>
    public FileAccess Access { get; init; } = FileAccess.Read;

    /// <summary>Whether to bypass the page cache. Only direct I/O is asynchronous in the kernel.</summary>
    public DirectIo Direct { get; init; } = DirectIo.Auto;

    /// <summary>
    /// Allocates this many bytes and makes the file at least that long, so that the first writes do not block in io_submit. A file
    /// system that cannot allocate ahead is no error.
    /// </summary>
    public long PreallocationSize { get; init; }

    /// <summary>
    /// Who does the file's reads and writes: null for the system's engine, or its name; <c>thread-pool</c> for the threads of
    /// <c>blocking-dispatcher</c>, as buffered files have them where the engine takes none: for a direct file on a file system that
    /// makes io_submit block. Another engine cannot be had for one file, since the shards' contexts belong to the system's.
    /// </summary>
    public string? Engine { get; init; }

    /// <summary>
    /// The file is closed when this actor dies. Null: the sender of the Open if it is a real actor (not the temporary one of an Ask,
    /// which dies at once). <see cref="ActorRefs.Nobody"/>: no owner.
    /// </summary>
    public IActorRef? Owner { get; init; }

    internal IoFileOptions ToFileOptions() => new(Mode, Access, Direct, PreallocationSize);
}
