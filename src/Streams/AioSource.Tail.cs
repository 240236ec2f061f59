using Akka.Streams.Dsl;
using AkkaAio.Streams.Stages;

namespace AkkaAio.Streams;

// Files that grow.
public static partial class AioSource
{
    /// <summary>
    /// A file and what is appended to it, by any process, until it is ended: by <see cref="IAioTail.Complete"/>, or by the stream's other
    /// end. At the end of the file it looks for more once in <see cref="AioTailSettings.Poll"/>.
    /// </summary>
    /// <remarks>
    /// When the path has become another file's (rename and create, as logrotate does), it goes on with that one from its start, once the
    /// one before has given nothing more for a whole poll: what its writer appended to it meanwhile is not lost. When the file has become
    /// shorter than what was read of it (copytruncate), it is read from its start. A file that was cut, and has grown beyond that place
    /// again before it was looked at, cannot be told from one that has grown.
    /// <para>The file is read, and looked at, only while there is demand: of files that are rotated away meanwhile only the one that was
    /// open, and the last, are read. The page cache is used, since appends are read from there. The path may be a symbolic link.</para>
    /// </remarks>
    /// <param name="path">The path, absolute or relative to the process's working folder. The file must be there.</param>
    /// <param name="settings">From where on, how often, and what follows a deletion.</param>
    public static Source<ReadOnlyMemory<byte>, IAioTail> Tail(string path, AioTailSettings? settings = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Source.FromGraph(new TailStage(path, settings ?? AioTailSettings.Default));
    }
}
