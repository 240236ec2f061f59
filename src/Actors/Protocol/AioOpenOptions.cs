using System.Globalization;
using System.Text;
using Akka.Actor;
using AkkaAio.Interop.Engines;
using AkkaAio.Interop.Folders;

namespace AkkaAio;

/// <summary>How to open a file.</summary>
public sealed record AioOpenOptions
{
    private const long MaxGrowAhead = 1L << 40;

    /// <summary>An existing file, for reading, direct where possible.</summary>
    public static AioOpenOptions Default { get; } = new();

    /// <summary>
    /// As for <see cref="FileStream"/>. Append is OpenOrCreate: every write names its offset, so appending is to write at
    /// <see cref="AioFile.Length"/>. After a crash Length may lie behind the last record: docs/appending.md.
    /// </summary>
    public FileMode Mode { get; init; } = FileMode.Open;

    /// <summary>As for <see cref="FileStream"/>.</summary>
    public FileAccess Access { get; init; } = FileAccess.Read;

    /// <summary>Whether to bypass the page cache. Only direct I/O is asynchronous in the kernel.</summary>
    public DirectIo Direct { get; init; } = DirectIo.Auto;

    /// <summary>
    /// Allocates this many bytes and makes the file at least that long, so that the first writes do not block in io_submit. A file
    /// system that cannot allocate ahead is no error. 0 or more; needs write access.
    /// </summary>
    public long PreallocationSize { get; init; }

    /// <summary>
    /// How many bytes a direct file is made longer ahead of the writes that extend it, 0 to 1 TiB. The kernel does a write that extends a
    /// file synchronously, so the file is made longer first. 0: to the end of the writes that are waiting, many of them at once. More:
    /// an append seldom has to wait; but the file is longer on the disk than what was written, zeros that Close takes back, and that
    /// stay after a crash.
    /// </summary>
    public long GrowAhead { get; init; }

    /// <summary>
    /// A lock that is held from before the file's first I/O until it is closed. An open whose lock does not go with those of other opens,
    /// in this process or another, fails with EAGAIN and changes nothing. Opens that ask for none are kept out by none.
    /// </summary>
    public FileLockMode Lock { get; init; }

    /// <summary>
    /// What other opens may do meanwhile, as <see cref="FileStream"/> understands it on Unix: advisory, by flock(2). Null, the default,
    /// takes no lock and is kept out by none. None: fails with EAGAIN while another open shares the file, and keeps them out. All other
    /// values are one: fails while another open has None. It goes together with <see cref="FileStream"/>, which always takes such a
    /// lock, and with none of <see cref="Lock"/>, which is for opens of AkkaAio on several machines (NFS) too.
    /// </summary>
    public FileShare? Share { get; init; }

    /// <summary>
    /// The permissions of a file that the open makes, less the process's umask; null: 0666, as of other programs. Needs a
    /// <see cref="Mode"/> that makes files. A file that is there keeps its own.
    /// </summary>
    public UnixFileMode? UnixCreateMode { get; init; }

    /// <summary>
    /// The file's reads and writes run on the threads of <c>blocking-dispatcher</c> and not in the shard's context, as those of buffered
    /// files do where the engine takes none: for a direct file on a file system that makes io_submit block. Makes no difference with the
    /// engine <c>thread-pool</c>.
    /// </summary>
    public bool OnBlockingThreads { get; init; }

    /// <summary>
    /// The shard that does all of the file's I/O, 0 to <c>Settings.Shards</c> - 1, also with <c>shard-by = stripe</c>: for files that
    /// belong together, as the segments of a log, or that others must not hold up. Null: chosen by the path.
    /// </summary>
    public int? Shard { get; init; }

    /// <summary>The priority of reads and writes that name none: <see cref="Aio.TransferCommand.Priority"/>.</summary>
    public AioPriority Priority { get; init; }

    /// <summary>
    /// The file is closed when this actor dies. Null: the sender of the Open if it is a real actor (not the temporary one of an Ask,
    /// which dies at once). <see cref="ActorRefs.Nobody"/>: no owner.
    /// </summary>
    public IActorRef? Owner { get; init; }

    /// <summary>What the engines do not check; null: nothing is wrong.</summary>
    internal string? Refusal => GrowAhead is < 0 or > MaxGrowAhead
        ? $"GrowAhead is {GrowAhead}; it is 0 to {MaxGrowAhead} bytes"
        : GrowAhead > 0 && Mode == FileMode.Append
            ? $"FileMode.Append does not go with GrowAhead = {GrowAhead}: after a crash the file ends in zeros, and what is appended at " +
              "its Length is lost to a reader that stops at them; open with GrowAhead = 0, or with OpenOrCreate and find the last " +
              "record first"
            : null;

    /// <summary>The path of the Open is a name below this folder; null: it is any path.</summary>
    internal Folder? Below { get; init; }

    /// <summary>Called when the file is open, before anybody has it. Together with <see cref="Closed"/>: either both are called, or
    /// none.</summary>
    internal Action? Opened { get; init; }

    /// <summary>Called on a blocking thread when the descriptor is closed, whatever closed it.</summary>
    internal Action? Closed { get; init; }

    /// <summary>Mode, access, Direct, and what differs from <see cref="Default"/>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Mode}, {Access}, {nameof(Direct)} {Direct}");
        _ = PreallocationSize == 0 ? text : text.Append(CultureInfo.InvariantCulture, $", {nameof(PreallocationSize)} {PreallocationSize}");
        _ = GrowAhead == 0 ? text : text.Append(CultureInfo.InvariantCulture, $", {nameof(GrowAhead)} {GrowAhead}");
        _ = Lock == FileLockMode.None ? text : text.Append(CultureInfo.InvariantCulture, $", {nameof(Lock)} {Lock}");
        _ = Share is null ? text : text.Append(CultureInfo.InvariantCulture, $", {nameof(Share)} {Share}");
        _ = UnixCreateMode is null ? text : text.Append(CultureInfo.InvariantCulture, $", {nameof(UnixCreateMode)} {UnixCreateMode}");
        _ = OnBlockingThreads ? text.Append(", ").Append(nameof(OnBlockingThreads)) : text;
        _ = Shard is null ? text : text.Append(CultureInfo.InvariantCulture, $", {nameof(Shard)} {Shard}");
        _ = Priority == AioPriority.Default ? text : text.Append(CultureInfo.InvariantCulture, $", {nameof(Priority)} {Priority}");
        _ = Owner is null ? text : text.Append(CultureInfo.InvariantCulture, $", {nameof(Owner)} {Owner.Path}");
        return text.ToString();
    }

    internal IoFileOptions ToFileOptions() => new(Mode, Access, Direct, PreallocationSize)
    {
        Lock = Lock,
        Share = Share,
        UnixCreateMode = UnixCreateMode,
        Below = Below,
    };
}
