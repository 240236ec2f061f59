using AkkaAio.Interop.Folders;

namespace AkkaAio;

// Changes of names. They run on blocking-dispatcher, and are on stable storage when their reply comes.
public sealed partial class Aio
{
    /// <summary>A change of names in folders. No file needs to be open for it, and none that is open is closed by it.</summary>
    public abstract class NameCommand : Command
    {
        private protected NameCommand(string path)
        {
            ArgumentException.ThrowIfNullOrEmpty(path);
            Path = path;
        }

        /// <summary>The path, absolute or relative to the process's working folder.</summary>
        public string Path { get; }

        internal override string Arguments => Path;

        /// <summary>The path is a name below this folder; null: it is any path.</summary>
        internal Folder? Below { get; init; }

        internal abstract void Perform(IFileNames names);

        internal abstract Event Done();
    }

    /// <summary>
    /// Removes a file's name: unlink(2), then fsync(2) of its folder. Replied to with <see cref="Deleted"/>. A failure with the operation
    /// <c>fsync</c> comes after the removal, which a crash may undo: its outcome is <see cref="AioOutcome.MayHaveHappened"/>.
    /// </summary>
    public sealed class Delete : NameCommand
    {
        /// <summary>Removes <paramref name="path"/>.</summary>
        public Delete(string path)
            : base(path)
        {
        }

        internal override string Name => "delete";

        internal override void Perform(IFileNames names) => names.Delete(Path, Below);

        internal override Event Done() => new Deleted(this);
    }

    /// <summary>
    /// Gives a file another name, atomically: rename(2), then fsync(2) of both folders. Replied to with
    /// <see cref="Renamed"/>. A file that is open keeps the <see cref="AioFile.Path"/> that it was opened by. Failures are as of
    /// <see cref="Delete"/>.
    /// </summary>
    public sealed class Rename : NameCommand
    {
        /// <summary>Renames <paramref name="path"/> to <paramref name="newPath"/>, on the same file system.</summary>
        public Rename(string path, string newPath)
            : base(path)
        {
            ArgumentException.ThrowIfNullOrEmpty(newPath);
            NewPath = newPath;
        }

        /// <summary>The name that it gets.</summary>
        public string NewPath { get; }

        /// <summary>Whether a file that has the new name is replaced, the default; else the rename fails with EEXIST.</summary>
        public bool Replace { get; init; } = true;

        internal override string Name => "rename";

        internal override string Arguments => $"{Path} to {NewPath}{(Replace ? "" : ", without replacing")}";

        internal override void Perform(IFileNames names) => names.Rename(Path, NewPath, Replace, Below);

        internal override Event Done() => new Renamed(this);
    }

    /// <summary>
    /// fsync(2) of a folder: files that were made, renamed or removed in it are so after a crash too. Replied to with
    /// <see cref="FolderSynced"/>.
    /// </summary>
    public sealed class SyncFolder : NameCommand
    {
        /// <summary>Syncs the folder <paramref name="path"/>, not those in it.</summary>
        public SyncFolder(string path)
            : base(path)
        {
        }

        internal override string Name => "sync-folder";

        internal override void Perform(IFileNames names) => names.SyncFolder(Path, Below);

        internal override Event Done() => new FolderSynced(this);
    }

    /// <summary>Reply to <see cref="Delete"/>.</summary>
    public sealed class Deleted : Event<Delete>
    {
        internal Deleted(Delete command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="Rename"/>.</summary>
    public sealed class Renamed : Event<Rename>
    {
        internal Renamed(Rename command)
            : base(command)
        {
        }
    }

    /// <summary>Reply to <see cref="SyncFolder"/>.</summary>
    public sealed class FolderSynced : Event<SyncFolder>
    {
        internal FolderSynced(SyncFolder command)
            : base(command)
        {
        }
    }
}
